"""Frequent misspellings of English words that are no other word and no name: 'wrong=right', separated by ';'.

Not here: the slips of the fingers that `requests/spelling.py` knows by itself.
"""

ENGLISH = """
adn=and; ahve=have; allright=all right; alot=a lot; apparantly=apparently; appointement=appointment;
appologise=apologise; appriciate=appreciate; attachement=attachment; attatched=attached; basicly=basically;
becouse=because; calender=calendar; cancelation=cancellation; cna=can; cnat=can't; congradulations=congratulations;
currenty=currently; defiantely=definitely; definately=definitely; definatly=definitely; definetly=definitely;
definitly=definitely; delievery=delivery; departement=department; dissapointed=disappointed; doesnot=does not;
donw=down; dosent=doesn't; embarass=embarrass; experiance=experience; frmo=from; goverment=government;
gratefull=grateful; greatful=grateful; haev=have; happyness=happiness; hopefullly=hopefully; hopefuly=hopefully;
hospitel=hospital; htat=that; hte=the; hvae=have; hwo=how; imediately=immediately; immediatelly=immediately;
immediatly=immediately; incase=in case; independant=independent; jsut=just; knoe=know; knwo=know; konw=know;
liason=liaison; liscence=licence; lisence=licence; litte=little; maintenence=maintenance; mispell=misspell;
morining=morning; neccesary=necessary; necessery=necessary; neigbour=neighbour; neigbours=neighbours;
neighbur=neighbour; noticable=noticeable; nto=not; occured=occurred; oportunity=opportunity; oppurtunity=opportunity;
oreder=order; posibility=possibility; possable=possible; prefered=preferred; prefrable=preferable; probabaly=probably;
probally=probably; propably=probably; quiestion=question; realy=really; reccomend=recommend; recommand=recommend;
refered=referred; relevent=relevant; rember=remember; rembmer=remember; responce=response; responsable=responsible;
restaraunt=restaurant; restaurent=restaurant; saterday=saturday; schedual=schedule; seperate=separate;
seperately=separately; signiture=signature; similiar=similar; soory=sorry; sory=sorry; succesful=successful;
successfull=successful; suprise=surprise; surpise=surprise; taht=that; teh=the; tehm=them; thankyou=thank you;
thanx=thanks; thsi=this; tiem=time; tiems=times; tihs=this; toghether=together; tommorow=tomorrow; tommorw=tomorrow;
truely=truly; unfortunatelly=unfortunately; unfortunatly=unfortunately; unfortunetly=unfortunately; vacume=vacuum;
verfiy=verify; waht=what; weeek=week; wehn=when; wensday=wednesday; whne=when; wich=which; wiht=with; wnat=want;
wokr=work; wrok=work; yestarday=yesterday; yoru=your; yuo=you; yuor=your
"""
