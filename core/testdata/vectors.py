# Makes vectors.json, from core/SPEC.md and nothing else, so that it can disagree
# with the Go code. Run it here with Python 3, then
# go test ./core -run TestVectorsOfSealing -update
# adds the vectors of sealing, for which Python has no AES.
import hashlib,hmac,json,base64,struct
def field(b):
    if isinstance(b,str): b=b.encode()
    return struct.pack('>I',len(b))+b
def frame(*fs): return b''.join(field(f) for f in fs)
def b64(b): return base64.urlsafe_b64encode(b).rstrip(b'=').decode()
H={'sha256':hashlib.sha256,'sha512':hashlib.sha512,'sha3_256':hashlib.sha3_256,'sha3_512':hashlib.sha3_512,'blake2b':hashlib.blake2b,'blake2s':hashlib.blake2s,'md5':hashlib.md5,'sha1':hashlib.sha1}
instance=bytes(range(16)); seal=bytes(range(16,48)); mackey=bytes(range(48,80)); nonce=bytes(range(80,96))
clock=1764000000*10**9
ts=struct.pack('>q',clock)
rid="8476a536-e9f4-11e8-9739-2dfe598c3fcd"
EQ1="$%s($requestid, $instanceid, $nonce, $timestamp, $datakey%s)"
def chain(c): return hashlib.sha256(frame("dtbench/core call chain v1",*c)).hexdigest()
def rulekey(rule): # HKDF-Expand, RFC 5869, for one block
    return hmac.new(mackey,frame("dtbench/core rule v1",hashlib.sha256(rule.encode()).digest())+b'\1',hashlib.sha256).digest()
def mac(rule,alg,f): return (hmac.new(rulekey(rule),f,H[alg]).digest()+bytes(32))[:32]
issue=[]
def add(comment,policy,rule,alg,extra,request=None,key="API_KEY"):
    request=request or {"id":rid}
    f=frame(request["id"],instance,nonce,ts,key)+b''.join(field(e) for e in extra)
    m=mac(rule,alg,f)
    tok=bytes([1])+nonce+ts+m
    policy=dict({"policy":"dtbench/policy/v1","audit":{"mode":"off"}},**policy)
    issue.append({"comment":comment,"policy":policy,"random":(instance+seal+mackey+nonce).hex(),"clock":clock,"request":request,"data_key":key,"rule":rule,"rule_key":rulekey(rule).hex(),"frame":f.hex(),"mac":m.hex(),"token":b64(tok),"binary":tok.hex()})
add("Eq. (1) and nothing else",{},EQ1%("sha256",""),"sha256",[])
add("the function's name and version",{"function":"pay","version":"3"},EQ1%("sha256",", $functionname, $functionversion"),"sha256",["pay","3"])
for a in H:
    add("algorithm "+a,{"keys":{"API_KEY":{"algorithm":a}},"allow_weak_hashes":True},EQ1%(a,""),a,[])
add("high sensitivity",{"keys":{"API_KEY":{"sensitivity":"high"}}},EQ1%("sha512",""),"sha512",[])
add("a rule with more fields, one of them static",{"rule":"$sha3_256( $region,$team )","region":"cn-hangzhou","parameters":{"team":"payments"}},"$sha3_256($region, $team)","sha3_256",["cn-hangzhou","payments"])
inner=hashlib.sha512(frame("dtbench/core rule call v1","sha512","cn-hangzhou",'v"2')).digest()
add("a call within a rule, a literal, fields that are bound anyway",{"rule":'$hmac_sha256($nonce, $sha512($region, "v\\"2"), $requestid)',"region":"cn-hangzhou"},'$hmac_sha256($nonce, $sha512($region, "v\\"2"), $requestid)',"sha256",[inner])
inner=hmac.new(mackey,frame("dtbench/core rule call v1","hmac_md5",instance),hashlib.md5).digest()
add("a keyed call within a rule; the paper's sample as rule",{"rule":"$md5($requestid, $hmac_md5($instanceid))","allow_weak_hashes":True},"$md5($requestid, $hmac_md5($instanceid))","md5",[inner])
add("the call chain",{"call_chain":{"action":"deny","chains":[["gateway","orders"]]}},EQ1%("sha256",", $callchain"),"sha256",[chain(["gateway","orders"])],{"id":rid,"call_chain":["gateway","orders"]})
add("the caller, by rule",{"rule":"$sha256($caller)"},"$sha256($caller)","sha256",["alice"],{"id":rid,"source":"alice"})
add("short request id, other key",{},EQ1%("sha256",""),"sha256",[],{"id":"r"},"DB_PASSWORD")
S=10**9
verify=[]
def v(comment,outcomes,i=0,clock_=clock,request=None,key=None,token=None):
    verify.append({"comment":comment,"issue":i,"clock":clock_,"request":request or issue[i]["request"],"data_key":key or issue[i]["data_key"],"token":token or issue[i]["token"],"outcomes":outcomes})
def flip(i,at):
    b=bytearray(bytes.fromhex(issue[i]["binary"])); b[at]^=1; return b64(bytes(b))
v("at once, and again",["granted","denied"])
v("at the end of the window",["granted"],clock_=clock+10*S)
v("after it",["denied","denied"],clock_=clock+10*S+1)
v("dated as far ahead as may be",["granted","denied"],clock_=clock-10*S)
v("further",["denied"],clock_=clock-10*S-1)
v("another request",["denied"],request={"id":rid+"x"})
v("another key",["denied"],key="DB_PASSWORD")
v("another function's",["denied"],i=1,token=issue[0]["token"])
v("version altered",["denied"],token=flip(0,0))
v("nonce altered",["denied"],token=flip(0,1))
v("time altered",["denied"],token=flip(0,24))
v("MAC altered",["denied"],token=flip(0,56))
hi=[n for n,x in enumerate(issue) if x["comment"]=="high sensitivity"][0]
v("high sensitivity, two seconds",["granted"],i=hi,clock_=clock+2*S)
v("high sensitivity, later",["denied"],i=hi,clock_=clock+2*S+1)
cc=[n for n,x in enumerate(issue) if x["comment"]=="the call chain"][0]
v("another chain of callers",["denied"],i=cc,request={"id":rid,"call_chain":["gatewayo","rders"]})
v("the chain of callers",["granted"],i=cc)
tok=bytes.fromhex(issue[0]["binary"]); text=issue[0]["token"]
tokens={"valid":[{"binary":tok.hex(),"text":text,"nonce":nonce.hex(),"timestamp":clock,"mac":issue[0]["mac"]},
 {"binary":(bytes([1])+bytes(16)+bytes(8)+bytes(32)).hex(),"text":b64(bytes([1])+bytes(56)),"nonce":bytes(16).hex(),"timestamp":0,"mac":bytes(32).hex()},
 {"binary":(bytes([1])+b'\xff'*16+b'\x7f'+b'\xff'*7+b'\xff'*32).hex(),"text":b64(bytes([1])+b'\xff'*16+b'\x7f'+b'\xff'*7+b'\xff'*32),"nonce":'ff'*16,"timestamp":2**63-1,"mac":'ff'*32}],
 "refused_binary":[{"comment":"nothing","hex":""},{"comment":"short","hex":tok[:-1].hex()},{"comment":"long","hex":(tok+b'\0').hex()},{"comment":"version 0","hex":(b'\0'+tok[1:]).hex()},{"comment":"version 2","hex":(b'\2'+tok[1:]).hex()},{"comment":"time before 1970","hex":(tok[:17]+b'\x80'+tok[18:]).hex()}],
 "refused_text":[{"comment":"nothing","text":""},{"comment":"short","text":text[:-1]},{"comment":"long","text":text+"A"},{"comment":"padding","text":text+"="},{"comment":"standard alphabet","text":text[:-1]+"/"},{"comment":"line end","text":text[:40]+"\n"+text[41:]},{"comment":"version 2","text":b64(b'\2'+tok[1:])},{"comment":"space","text":" "+text[1:]}]}
lit=[]
def l(comment,rule,alg,parts,sep="",static=None,**kw):
    c=dict(request_id=rid,instance_id="i-1",nonce="abc0",timestamp="1764000000",data_key="API_KEY"); c.update(kw)
    val={"$requestid":c["request_id"],"$instanceid":c["instance_id"],"$nonce":c["nonce"],"$timestamp":c["timestamp"],"$datakey":c["data_key"]}
    vals=[val.get(p,p) for p in parts]
    lit.append(dict(comment=comment,rule=rule,separator=sep,parameters=static or {},**c,token=H[alg](sep.join(vals).encode()).hexdigest()))
five=["$requestid","$instanceid","$nonce","$timestamp","$datakey"]
eq="$sha256($requestid, $instanceid, $nonce, $timestamp, $datakey)"
l("Eq. (1)",eq,"sha256",five)
l("the same token for a shifted boundary",eq,"sha256",five,nonce="abc",timestamp="01764000000")
l("Eq. (1) with a separator",eq,"sha256",five,sep="|")
l("the paper's sample","$md5($requestid, $instanceid)","md5",five[:2])
l("the naive repair with a secret","$sha256($static_secret, $requestid, $datakey)","sha256",["s3cret",rid,"API_KEY"],static={"static_secret":"s3cret"})
il=hashlib.sha1(rid.encode()).hexdigest()
l("a call within a rule","$blake2s($sha1($requestid), $datakey)","blake2s",[il,"API_KEY"])
frames=[{"fields":[],"frame":""}]+[{"fields":[f.encode().hex() for f in fs],"frame":frame(*fs).hex()} for fs in (["" ],["a","bc"],["ab","c"],["\0\0\0\1a",""])]
chains=[{"chain":c,"digest":chain(c)} for c in ([],["gateway"],["gateway","orders"],["gatewayo","rders"])]
json.dump({"format":"dtbench/core vectors v1","frames":frames,"call_chains":chains,"tokens":tokens,"issue":issue,"verify":verify,"literal":lit,"seal":[]},open('vectors.json','w'),indent=1)
