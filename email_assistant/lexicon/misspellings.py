"""Frequent misspellings of English words that are no other word and no name: 'wrong=right', separated by ';'.

In no other language of OTHER_LANGUAGES (lexicon/shorthand.py) are they common words, either.
"""

ENGLISH = """
aboout=about; abotu=about; adn=and; againt=against; agian=again; ahve=have; allready=already; allright=all right;
allways=always; alot=a lot; alreday=already; alredy=already; alwasy=always; amoutn=amount; anbody=anybody;
anyhting=anything; anytihng=anything; aparently=apparently; apointment=appointment; apparantly=apparently;
appointement=appointment; appoitment=appointment; appologise=apologise; appriciate=appreciate; apreciate=appreciate;
arive=arrive; arived=arrived; arrage=arrange; arragne=arrange; atached=attached; attachement=attachment;
attatched=attached; avaiable=available; availabe=available; availble=available; avalable=available; baout=about;
basicly=basically; beacuse=because; becasue=because; becaus=because; becouse=because; becuase=because;
begining=beginning; beleive=believe; belive=believe; birtday=birthday; bithday=birthday; borow=borrow; brign=bring;
brithday=birthday; brnig=bring; budegt=budget; buget=budget; buisness=business; busness=business; bussiness=business;
calender=calendar; cancelation=cancellation; cancle=cancel; chcek=check; chekc=check; childern=children; cna=can;
cnat=can't; colleage=colleague; collegue=colleague; comittee=committee; comming=coming; commitee=committee;
committe=committee; compelte=complete; completly=completely; confrim=confirm; confrimed=confirmed;
congradulations=congratulations; contarct=contract; copmany=company; curent=current; currenty=currently;
custmer=customer; custommer=customer; deadlien=deadline; decison=decision; defiantely=definitely;
definately=definitely; definatly=definitely; definetly=definitely; definitly=definitely; delievery=delivery;
delivry=delivery; departement=department; differnt=different; diffrent=different; dinenr=dinner;
disapointed=disappointed; discusion=discussion; dissapointed=disappointed; docotr=doctor; documetn=document;
doesnot=does not; donw=down; dosent=doesn't; eamil=email; emali=email; embarass=embarrass; embarassed=embarrassed;
emial=email; enviroment=environment; everone=everyone; everythign=everything; everyting=everything; eveyrone=everyone;
exaclty=exactly; exatly=exactly; excelent=excellent; excpet=except; exept=except; expereince=experience;
experiance=experience; explantion=explanation; faild=failed; familly=family; febuary=february; feburary=february;
finaly=finally; finsih=finish; finsihed=finished; firday=friday; foget=forget; fogot=forgot; forgett=forget;
foudn=found; freind=friend; freinds=friends; fridya=friday; frmo=from; furhter=further; futher=further;
garantee=guarantee; gaurantee=guarantee; goverment=government; gratefull=grateful; greatful=grateful; haev=have;
happend=happened; happyness=happiness; hopefullly=hopefully; hopefuly=hopefully; hospitel=hospital; hosptial=hospital;
htat=that; hte=the; hvae=have; hwo=how; imediately=immediately; immediatelly=immediately; immediatly=immediately;
importnat=important; improtant=important; incase=in case; independant=independent; infomation=information;
infromation=information; insted=instead; intersted=interested; intrested=interested; invioce=invoice; invoce=invoice;
invocie=invoice; jsut=just; knoe=know; knwo=know; konw=know; laern=learn; langauge=language; latset=latest;
liason=liaison; libary=library; liscence=licence; lisence=licence; litle=little; litte=little; lunhc=lunch;
mabye=maybe; maintenence=maintenance; managment=management; mayeb=maybe; meeitng=meeting; meetign=meeting;
mesage=message; messsage=message; mintues=minutes; minuts=minutes; mispell=misspell; monady=monday; mondya=monday;
morining=morning; mroning=morning; neccesary=necessary; neccessary=necessary; necesary=necessary; necessery=necessary;
neigbour=neighbour; neigbours=neighbours; neighbur=neighbour; noticable=noticeable; nto=not; nubmer=number;
ocasion=occasion; occassion=occasion; occured=occurred; offcie=office; offical=official; ofice=office; ohter=other;
oportunity=opportunity; oppurtunity=opportunity; orderd=ordered; oreder=order; orginal=original; otehr=other;
otherwies=otherwise; palce=place; paymet=payment; paymnet=payment; peopel=people; perhpas=perhaps; pharamcy=pharmacy;
pleae=please; pleaes=please; pleease=please; plesae=please; poeple=people; porblem=problem; posibility=possibility;
posible=possible; possable=possible; prefered=preferred; prefrable=preferable; probabaly=probably; probally=probably;
probaly=probably; probelm=problem; propably=probably; quesiton=question; questoin=question; questoins=questions;
quiestion=question; reallly=really; realy=really; reccomend=recommend; reciept=receipt; recieve=receive;
recieved=received; recive=receive; recived=received; recomend=recommend; recomendation=recommendation;
recommand=recommend; refered=referred; relevent=relevant; rember=remember; rembmer=remember; remeber=remember;
remmeber=remember; repiar=repair; reponse=response; reservaton=reservation; responce=response;
responsable=responsible; resposible=responsible; restaraunt=restaurant; restaurent=restaurant; resturant=restaurant;
saftey=safety; saterday=saturday; satruday=saturday; saturady=saturday; scedule=schedule; schedual=schedule;
sepcial=special; seperate=separate; seperately=separately; shcool=school; shedule=schedule; sholud=should;
shoudl=should; shuold=should; signiture=signature; similiar=similar; sincerly=sincerely; soemone=someone;
soemthing=something; somehting=something; someting=something; somthing=something; soory=sorry; sorrry=sorry;
sory=sorry; stlil=still; succesful=successful; successfull=successful; sucess=success; sudenly=suddenly;
sudnay=sunday; sunady=sunday; suprise=surprise; suprised=surprised; surpise=surprise; tahnks=thanks; taht=that;
teh=the; tehm=them; teusday=tuesday; thakns=thanks; thankyou=thank you; thansk=thanks; thanx=thanks; thier=their;
thign=thing; thigns=things; thnaks=thanks; thrusday=thursday; thsi=this; thsoe=those; thurday=thursday;
thursady=thursday; tiem=time; tiems=times; tihs=this; todya=today; togehter=together; toghether=together;
togther=together; tommorow=tomorrow; tommorrow=tomorrow; tommorw=tomorrow; tomorow=tomorrow; tomorro=tomorrow;
tomorrrow=tomorrow; tongiht=tonight; tonigt=tonight; tonihgt=tonight; truely=truly; tuedsay=tuesday; tuesady=tuesday;
tuseday=tuesday; unfortunatelly=unfortunately; unfortunatly=unfortunately; unfortunetly=unfortunately; untill=until;
usefull=useful; usualy=usually; vacume=vacuum; verfiy=verify; waht=what; wedensday=wednesday; wednesady=wednesday;
wednsday=wednesday; weeek=week; weekned=weekend; wehn=when; wekend=weekend; welcom=welcome; wellcome=welcome;
wendesday=wednesday; wensday=wednesday; whcih=which; wheer=where; whne=when; wich=which; wiht=with; wnat=want;
wnated=wanted; wokr=work; wokring=working; woudl=would; wriet=write; writting=writing; wrok=work; wuold=would;
yestarday=yesterday; yesteday=yesterday; yestreday=yesterday; yoru=your; yuo=you; yuor=your
"""
