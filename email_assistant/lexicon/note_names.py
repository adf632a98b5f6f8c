"""Common first names that are no other English words, and what else shows a person in a rough note: lower case."""

_NAMES = (
    "aaron abby abdul adam adrian agnes ahmed aisha alan albert alex alexander alexandra alfie alfred ali alice alina "
    "alison allison amanda amelia amir amy ana anastasia andrea andreas andrew andy angela angus anita ann anna "
    "annabel anne annette annie anthony anton antonio anya arjun arthur ayesha barbara barry beatrice becca becky ben "
    "benjamin bernard bernie bethany betty bob bobby brenda brian bridget bruce bryan caitlin callum cameron camilla "
    "carla carlos carmen caroline catherine cathy cecilia charles charlie charlotte chloe chris christian christina "
    "christine christopher clara claire claudia colin colleen connor craig cynthia daisy dan daniel danny daphne "
    "darren dave david dawid deborah debbie deepak denise dennis derek diana diane diego dmitri dominic donald donna "
    "doris dorothy doug douglas dylan eddie edith edward eileen elaine eleanor elena eliza elizabeth ella ellen ellie "
    "elsa emily emma eric erica erik esther ethan eva evan evelyn fatima felix fiona florence frances francesca fred "
    "freddie gareth gary gavin geoff george georgia gerald geraldine gina giovanni glenn gordon graham greg gregory "
    "greta gwen hamish hannah hans harold harriet harry hassan hazel heather heidi helen helena helga henrik henry "
    "hilary hugh hugo ian ibrahim igor imogen imran ingrid irene isabel isabella isla ivan jacob jake james jamie jan "
    "jane janet janice jason jasmine javier jean jeff jennifer jenny jeremy jerry jess jessica jill joan joanna "
    "joanne joe joel johan john johnny jon jonas jonathan jordan jorge josé jose josef joseph josh joshua joyce juan "
    "judith judy julia julian julie karen karim karl kate katherine kathleen kathy katie katrina keith kelly ken "
    "kenneth kevin kieran kirsten kirsty klaus kumar kwame kyle lara lars laura lauren lena leo leon leonard leslie "
    "liam linda lisa liz lizzie lorna louis louise luca lucas lucia lucy luis luke lydia lynn maggie malcolm marco "
    "marcus margaret maria marian marie marina mario marion mark marta martha martin mary mateo matt matthew maureen "
    "maya megan mel melanie melissa michael michelle miguel mike mina miriam mohamed mohammed moira molly monica "
    "morag muhammad nadia nancy naomi natalie natasha neil nicola nicole nigel nikhil nikki nina noah noel nora "
    "norman oksana oleg oliver olivia olga omar oscar oskar owen pablo pamela patricia patrick paul paula pauline "
    "pedro peter petra phil philip philippa phoebe pierre piers piotr priya rachel rahul raj ralph ravi rebecca "
    "ricardo richard rita robert roberto roger ronald rory rosa rosemary rosie roy rupert ruth ryan sally sam "
    "samantha samir samuel sandra sanjay sara sarah saskia sean sebastian sergei sharon sheila shirley sian sidney "
    "simon simone sofia sophia sophie stella stephanie stephen steve steven stuart sunil susan susie suzanne sven "
    "sylvia tamsin tanya tara ted teresa terry tess theo theresa thomas tim timothy tina tobias toby tom tommy tony "
    "tracey tracy trevor valerie vanessa vera verity veronica vicky victoria vikram vincent vivian wally walter wendy "
    "wilf wilfred william winston xavier yao yasmin yolanda yuki yusuf yvonne zach zara zoe"
)
# Also words, but after 'rang' or 'spoke to' they are persons.
_ALSO_WORDS = (
    "art bill dawn dean eve faith frank gene grace grant guy holly hope iris ivy jack jo joy june kay kim kit lee "
    "lily max may miles nat nick olive pat penny pip ray rob robin rose ruby sandy sid sue vic violet will"
)
NAMES = frozenset(_NAMES.split())
CALLED = NAMES | frozenset(_ALSO_WORDS.split())
