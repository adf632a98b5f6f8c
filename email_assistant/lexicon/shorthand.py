"""Shorthand that people type, and what it is short for, by language.

Not here: what may be something else ('id', 'ill', 'wd'), what mails have as well ('asap', 'fyi'), and most of what the
rules that make rough notes write, which models know from training ('w/', 'wk', 'tmrw').
"""

# 'short=long', separated by ';'. Words with an apostrophe at their end need none here: "i'll".
ENGLISH = """
shd=should; shld=should; shud=should; wld=would; wud=would; cld=could; cud=could; hav=have; hv=have; gonna=going to;
wanna=want to; gotta=have to; gimme=give me; lemme=let me; dunno=i don't know; idk=i don't know; sry=sorry; srry=sorry;
soz=sorry; plz=please; plse=please; tks=thanks; thks=thanks; tnx=thanks; thnx=thanks; np=no problem; nvm=never mind;
lmk=let me know; prob=probably; def=definitely; defo=definitely; obv=obviously; btw=by the way; tbh=to be honest;
imo=in my opinion; imho=in my opinion; afaik=as far as i know; afaict=as far as i can tell;
iirc=if i remember correctly; otoh=on the other hand; atm=at the moment; eg=for example; coz=because; cuz=because;
bcos=because; bcoz=because; cos=because; altho=although; sth=something; smth=something; sb=somebody; some1=someone;
any1=anyone; every1=everyone; tmw=tomorrow; tomoz=tomorrow; 2moro=tomorrow; 2morrow=tomorrow; 2day=today;
2nite=tonight; tonite=tonight; yest=yesterday; ystdy=yesterday; nxt=next; wknd=weekend; wkend=weekend; mtgs=meetings;
msgs=messages; appts=appointments; acct=account; accts=accounts; bldg=building; recd=received; rcvd=received;
gr8=great; l8r=later; l8=late; u=you; u r=you are; r u=are you; c u=see you; ur=your; ur welcome=you're welcome;
ur right=you're right; ur back=you're back; dont=don't; doesnt=doesn't; didnt=didn't; cant=can't; couldnt=couldn't;
wouldnt=wouldn't; shouldnt=shouldn't; wont=won't; isnt=isn't; arent=aren't; wasnt=wasn't; werent=weren't; hasnt=hasn't;
havent=haven't; hadnt=hadn't; thats=that's; whats=what's; theres=there's; heres=here's; wheres=where's; im=i'm;
ive=i've; youre=you're; youve=you've; youll=you'll; weve=we've; theyre=they're; theyve=they've; theyll=they'll;
itll=it'll; hes=he's; shes=she's
"""
RUSSIAN = """
спс=спасибо; пжл=пожалуйста; пжлст=пожалуйста; пжст=пожалуйста; плиз=пожалуйста; щас=сейчас; счас=сейчас; оч=очень;
мб=может быть; кст=кстати; седня=сегодня; сёдня=сегодня
"""
# Beside these words of other languages, 'im', 'dont', 'u' and 'hav' are mostly words, too.
OTHER_LANGUAGES = (
    "Ich Wir der das und ist ich nicht wir uns auf bei bitte zum zur einen haben wird kommt kommen freitag garten "
    "je vous nous avec dans elle qui parle que sur pero muy los siete ocho sono "
    "het een ik niet voor naar zijn ook maar nog wel wij kunt kunnen jij inte att och ikke jeg og på är för "
    "uma não você preciso obrigado obrigada"
)
# Where a word is no shorthand: after or before these.
NOT_AFTER = {
    "atm": "an the nearest no any every",
    "prob": "no the a any",
    "def": "a the in",
    "sb": "the a an",
    "u": "the a an",
    "cuz": "the a my our his her their",
    "im": "an the via by on send sent",
    "wont": "his her my our their your its as",
    "мб": "в сто тысяч несколько",
}
NOT_BEFORE = {
    "atm": "queue machine card fee",
    "cos": "lettuce salad",
    "wont": "to",
    "im": "me him them",
    "whats": "app",
    "l8": "bus",
    "def": "leppard",
    "u": "turn turns",
}
