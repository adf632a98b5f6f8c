"""Common first names that are no other English words, and those that are, by who has them: lower case."""

_OF_WOMEN = (
    "abby agnes aisha alexandra alice alina alison allison amanda amelia amy ana anastasia angela anita ann anna "
    "annabel anne annette annie anya ayesha barbara beatrice becca becky bethany betty brenda bridget caitlin camilla "
    "carla carmen caroline catherine cathy cecilia charlotte chloe christina christine claire clara claudia colleen "
    "cynthia daisy daphne debbie deborah denise diana diane donna doris dorothy edith eileen elaine eleanor elena "
    "eliza elizabeth ella ellen ellie elsa emily emma erica esther eva evelyn fatima fiona florence frances francesca "
    "georgia geraldine gina greta gwen hannah harriet hazel heather heidi helen helena helga hilary imogen ingrid "
    "irene isabel isabella isla jane janet janice jasmine jennifer jenny jess jessica jill joan joanna joanne joyce "
    "judith judy julia julie karen kate katherine kathleen kathy katie katrina kirsten kirsty lara laura lauren lena "
    "linda lisa liz lizzie lorna louise lucia lucy lydia lynn maggie margaret maria marian marie marina marion marta "
    "martha mary maureen maya megan mel melanie melissa michelle mina miriam moira molly monica morag nadia nancy "
    "naomi natalie natasha nicola nicole nina nora oksana olga olivia pamela patricia paula pauline petra philippa "
    "phoebe priya rachel rebecca rita rosa rosemary rosie ruth sally samantha sandra sara sarah saskia sharon sheila "
    "shirley sian simone sofia sophia sophie stella stephanie susan susie suzanne sylvia tamsin tanya tara teresa "
    "tess theresa tina tracey tracy valerie vanessa vera verity veronica vicky victoria wendy yasmin yolanda yuki "
    "yvonne zara zoe"
)
_OF_MEN = (
    "aaron abdul adam adrian ahmed alan albert alexander alfie alfred amir andreas andrew andy angus anthony anton "
    "antonio arjun arthur barry ben benjamin bernard bernie bob bobby brian bruce bryan callum cameron carlos charles "
    "christian christopher colin connor craig dan daniel danny darren dave david dawid deepak dennis derek diego "
    "dmitri dominic donald doug douglas dylan eddie edward eric erik ethan evan felix fred freddie gareth gary gavin "
    "geoff george gerald giovanni glenn gordon graham greg gregory hamish hans harold harry hassan henrik henry hugh "
    "hugo ian ibrahim igor imran ivan jacob jake james jason javier jeff jeremy jerry joe joel johan john johnny jon "
    "jonas jonathan jorge josé jose josef joseph josh joshua juan julian karim karl keith ken kenneth kevin kieran "
    "klaus kumar kwame kyle lars leo leon leonard liam louis luca lucas luis luke malcolm marco marcus mario mark "
    "martin mateo matt matthew michael miguel mike mohamed mohammed muhammad neil nigel nikhil noah noel norman oleg "
    "oliver omar oscar oskar owen pablo patrick paul pedro peter phil philip pierre piers piotr rahul raj ralph ravi "
    "ricardo richard robert roberto roger ronald rory roy rupert ryan samir samuel sanjay sean sebastian sergei "
    "sidney simon stephen steve steven stuart sunil sven ted theo thomas tim timothy tobias toby tom tommy tony "
    "trevor vikram vincent wally walter wilf wilfred william winston xavier yao yusuf zach"
)
_OF_BOTH = "alex ali andrea charlie chris jamie jan jean jordan kelly leslie nikki sam terry vivian"
# Also words, but after 'rang' or 'spoke to' they are persons.
_WORDS_OF_WOMEN = "dawn eve faith grace holly hope iris ivy jo joy june kay lily may olive penny rose ruby sue violet"
_WORDS_OF_MEN = "art bill dean frank gene grant guy jack max miles nick ray rob sid will"
_WORDS_OF_BOTH = "kim kit lee nat pat pip robin sandy vic"
NAMES = frozenset(f"{_OF_WOMEN} {_OF_MEN} {_OF_BOTH}".split())
CALLED = NAMES | frozenset(f"{_WORDS_OF_WOMEN} {_WORDS_OF_MEN} {_WORDS_OF_BOTH}".split())
# A name of both is in neither.
WOMEN = frozenset(f"{_OF_WOMEN} {_WORDS_OF_WOMEN}".split())
MEN = frozenset(f"{_OF_MEN} {_WORDS_OF_MEN}".split())
