"""English nouns of which a rough note says a time or an amount without 'is': 'rehearsal thurs 7pm', 'deposit 30%'."""

from email_assistant.lexicon.note_subjects import DAY, MONTH_NAMES

_CLOCK = r"(?:\d{1,2}[:.]\d\d(?: ?[ap]\.?m)?|\d{1,2} ?[ap]\.?m|noon|midday|midnight|\d{1,2}-\d{1,2}(?: ?[ap]m)?)"
_DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{MONTH_NAMES})?|\d{{1,2}}(?:-\d{{1,2}})? {MONTH_NAMES}|"
    rf"{MONTH_NAMES} \d{{1,2}}(?:st|nd|rd|th)?)"
)
_MONTHS = rf"(?!may\b){MONTH_NAMES}(?! \d)"
_DAY = (
    rf"(?:(?:(?:this|next) (?:week|wk|month)|(?:this |next )?{DAY}s?|{_MONTHS})|today|tomorrow|tmrw|"
    rf"tonight)(?: (?:morning|afternoon|eve|evening|"
    r"night|lunchtime|latest))?(?: \d{1,2}(?= ?[-+,]|$))?"
)
_WHEN = rf"(?:{_CLOCK}|{_DATE}|{_DAY})"
# 'Interview tues 4th 10.20', and no more, unless it is a place or what it is instead of.
WHEN = (
    rf"(?:now |still )?{_WHEN}(?:(?:,? | at | to | - |-){_WHEN})*(?: sharp| as planned| as usual| then| only)?"
    r"(?=$| (?:at|in|not|instead|from|till?|until) )"
)
# 'Viewing at 5 tomorrow', 'funeral on the 11th'.
AT_WHEN = r"at \d{1,2}\b(?! \w+ (?:is|was)\b)|on (?:the )?\d{1,2}(?:st|nd|rd|th)(?=$| at\b)"
EVENTS_AT = (
    "viewing funeral interview interviews flight show shows kick-off kickoff mass surgery appt appointment checkout "
    "check-in birthday wedding hearing deadline departure collection"
)
# Nouns of what takes place, as the last word of a subject.
EVENTS_AT_A_TIME = (
    "rehearsal rehearsals interview interviews deadline round appt appointment party camp essay bell kickoff kick-off "
    "hearing mass funeral service lunch dinner supper breakfast brunch game match agm meeting class lesson "
    "lessons session sessions course training practice viewing visit checkup check-up surgery operation delivery "
    "pickup "
    "pick-up collection flight train bus ferry coach check-in checkout departure doors show shows concert performance "
    "premiere opening launch release birthday bbq barbecue picnic trip tour quiz fair sale festival gig audition "
    "auditions workshop seminar lecture tutorial conference webinar demo standup kick-off exams results result "
    "auditors go drop-in inspection handover pour print iftar set-up"
)
_AMOUNT = (
    r"(?:(?:[£$€]\d[\d.,]*[km]?|\d[\d.,]* ?(?:%|eur|euros?|pounds|quid|dollars|kr|chf|days?|wks?|weeks?|months?|mos|"
    r"yrs?|"
    r"years?|hrs?|hours?|mins?|minutes|kg|g|t|tons?|tonnes|l|litres|km|m|cm|mm|degrees|chars|characters|words|pages|pp)"
    r"(?![\w])|\d[\d.,]*p?(?= (?:each|a head|per|a \w+|apiece)\b))(?:/\w+)?)"
)
AMOUNT = (
    rf"(?:now |still |only |about |abt |around |approx |up to |max )?{_AMOUNT}(?: (?:each|a head|apiece|in total|total|"
    rf"more|"
    r"extra|pls|(?:per|a) \w+))*(?=$| (?:not|instead|incl|including|if|plus|for|on|now|from|until|till|but|and)\b)"
)
# Nouns of what is measured or paid.
MEASURED = (
    "deposit fine fee fees price prices cost rent limit excess warranty invoice scale break payment notice budget "
    "total "
    "balance repair bill kit tickets walks hedges sandwiches copies certificate postage entry humidity pressure "
    "temperature weight capacity survey discount commission salary pay subs ticket copy cleaning parking wage wages "
    "stamps batteries walk delivery refund storage premium length width height distance"
)
