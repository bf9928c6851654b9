//! Sessions by hand: lines and bytes that meet one rule of the protocol or one error each.

/// Lines that are each a session of their own, on a server with the same few keys.
const LINES: &str = r#"
subscriber a b
get
set
client
client nosuch
client setname
client setname "a b"
client getname
config nosuch
config set nosuch 1
config set databases 33
config set maxmemory lots
config set maxmemory
config set maxmemory 0 maxmemory 0
config set a b c
config set slowlog-log-slower-than x
config set slowlog-log-slower-than -2
config set slowlog-max-len x
config set slowlog-max-len -1
config set slowlog-max-len 9223372036854775808
config set latency-monitor-threshold x
config set latency-monitor-threshold -1
config set timeout x
config set timeout -1
config set maxclients x
config set maxclients 4294967296
config set proto-max-bulk-len x
config set client-query-buffer-limit x
config get MAXMEMORY maxmemory
config get nosuch MAXMEMORY-p*
config set maxclients 0
config rewrite
config resetstat
hello 3x
hello 4
hello 2 nosuch
hello 2 auth me
"nosuch" "\x00abc"
"no\r\nsuch" "d\x00abc" "a\r\nb"
nosuch "an argument that is longer than what the error quotes, which is one hundred and twenty-eight bytes with the quotes that are around it" b c
object
object nosuch a
object encoding nosuch
memory usage
memory usage nosuch
memory usage nosuch samples
memory usage nosuch samples x
memory usage nosuch samples -1
scan x
scan 0 count 0
scan 0 count x
scan 0 count
scan 0 type nosuch
scan 0 nosuch
scan 0 match
scan 99999999999999999999999
hscan h "0\x00x"
scan -18446744073709551616
scan -
scan " 0"
hscan h ""
hscan h -1
hscan h +0
hscan h 007
hscan nosuch -
sscan s -1
zscan nosuch +0
select x
select 99
select 99999999999
select -2147483649
copy s d db 99999999999
copy s d db 99
flushall nosuch
flushall async sync
flushdb sync
exec
discard
watch
unwatch a
echo
ping a
ping a b
command count a
command info nosuch
dbsize a
quit a
ECHO "
echo 'a
"unb"alanced
type h
object encoding h
object encoding n
decrby n -9223372036854775808
client list type foo
client list id x
client list foo
client list id 99999
client list id -1 0
client list id 1 9223372036854775808
client kill foo
client kill id x
client kill id 0
client kill id 99999999
client kill type x
client kill type master
client kill user x
client kill skipme x
client kill skipme
client kill addr
client reply x
client no-evict x
client no-evict on
command getkeys
command getkeys get
command getkeys nosuch a
command getkeys ping a
command getkeys get a b
command getkeys mset a 1 b 2
command getkeys zunion 3 a
command getkeys zunion x a
command getkeys zunion 2 a b withscores
command getkeys zunionstore d 2 a b
command getkeys bitop and d a b
command getkeys object encoding a
command getkeysandflags append a b
command getkeysandflags rename a b
command list filterby foo bar
command list filterby module x
command list filterby aclcat nosuch
command list foo
command docs nosuch
command info get nosuch zadd
command info client|id
info cluster
info nosuch
pubsub channels a b
pubsub channels
pubsub numsub
pubsub numsub a b
pubsub numpat
pubsub numpat a
pubsub foo
slowlog get -2
slowlog get x
slowlog get 1 2
latency latest
latency latest x
latency history x
latency reset x
latency nosuch
wait 0 x
wait x 0
wait 0 -1
wait 0 0
swapdb x 0
swapdb 0 x
swapdb 0 0
swapdb 0 99
debug sleep 1
debug
object freq nosuch
object freq s x
object idletime nosuch
object freq s
config set maxmemory-policy allkeys-lfu
object idletime s
config set maxmemory-policy noeviction
object refcount s
object encoding s
memory foo
memory stats x
reset
reset x
auth
auth x
auth a b
auth default b
auth a b c
touch s n nosuch
zcount nosuch " 1" "( 2"
zrangebyscore h "\t-inf" "\n\r1"
zrangebyscore nosuch " " 1
zrangebyscore nosuch "1 " 2
zadd nosuch " 1" a
lmpop 1 nosuch left count 0 x
lmpop 1 nosuch left count 1 count
zmpop 1 nosuch min x count 0
srandmember nosuch -9223372036854775807
srandmember h -9223372036854775807
zrandmember nosuch -4611686018427387903 withscores
zrandmember h -9223372036854775807
hrandfield nosuch -9223372036854775807
hrandfield s -9223372036854775807 withvalues
hrandfield h -9223372036854775807 withvalues x
keys
keys [
publish
publish c m
unsubscribe
unsubscribe a b
punsubscribe
time x
getex s ex
getex s ex 10 persist
getex s persist ex 10
getex nosuch ex x
getex s exat 0
getrange s 0 -100
getrange h 0 1
setrange s 536870912 x
setrange s -1 x
setrange nosuch 1 ""
setbit s 4294967295 2
setbit h 0 1
getbit h 0
bitcount s 0
bitcount nosuch 0
bitcount h x
bitpos nosuch 0
bitpos nosuch 1 x
bitpos s 1 0 0 0 0
bitop not d s n
bitop xor d s h
incrbyfloat s 1
incrbyfloat n x
incrbyfloat h 1
msetnx a 1 b
post a b
"#;

/// Bytes that are each a session of their own.
pub(super) fn all() -> Vec<Vec<u8>> {
    let mut sessions: Vec<Vec<u8>> = LINES
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n").into_bytes())
        .collect();
    let pieces: &[&[u8]] = &[
        b"*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$4\r\nPINGxx",
        b"*0\r\nPING\r\n",
        b"*-1\r\nPING\r\n",
        b"\r\n\r\nPING\r\n",
        b"\nPING\n",
        b" \t ping \r\n",
        b"*x\r\n",
        b"*\r\n",
        b"*01\r\n",
        b"*99999999999\r\n",
        b"*9223372036854775808\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n:4\r\nPING\r\n",
        b"*1\r\n\r\n",
        b"*1\r\r$4\r\nPING\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$536870913\r\n",
        b"*1\r\n$x\r\n",
        b"*1\r\n$\r\n",
        b"*1\r\n$04\r\nPING\r\n",
        b"*1\r\n$0\r\n\r\n",
        b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
        b"*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n",
        b"PING\r\n*1\r\n$4\r\nPI",
        b"MULTI\r\nSET s b\r\nGET s\r\nEXEC\r\n",
        b"MULTI\r\nMULTI\r\nWATCH s\r\nEXEC\r\n",
        b"MULTI\r\nNOSUCH\r\nEXEC\r\nEXEC\r\n",
        b"MULTI\r\nGET\r\nEXEC a\r\nEXEC\r\n",
        b"MULTI\r\nEXEC\r\n",
        b"MULTI\r\nDISCARD\r\nDISCARD\r\n",
        b"MULTI\r\nUNWATCH\r\nINCR n\r\nPING\r\nEXEC\r\n",
        b"MULTI\r\nSET discarded v\r\nDISCARD\r\nGET discarded\r\n",
        b"MULTI\r\nQUIT\r\nPING\r\n",
        b"MULTI\r\nCONFIG nosuch\r\nEXEC\r\n",
        b"MULTI\r\nWATCH\r\nEXEC\r\n",
        b"MULTI\r\nSELECT 0\r\nECHO x\r\nHLEN s\r\nEXEC\r\n",
        b"WATCH s\r\nSET s c\r\nMULTI\r\nGET s\r\nEXEC\r\nMULTI\r\nGET s\r\nEXEC\r\n",
        b"WATCH q\r\nUNWATCH\r\nSET q 1\r\nMULTI\r\nGET q\r\nEXEC\r\n",
        b"WATCH s\r\nMULTI\r\nSET s x\r\nDISCARD\r\nSET s y\r\nMULTI\r\nPING\r\nEXEC\r\n",
        b"SET past v PXAT 1\r\nGET past\r\nSET past v EXAT 1\r\nEXISTS past\r\nSETNX past v\r\nDEL past\r\n",
        b"SET s v\r\nEXPIREAT s 1\r\nEXISTS s\r\nSET s v\r\nPEXPIREAT s 1 GT\r\nPEXPIREAT s 1 LT\r\nGET s\r\n",
        b"QUIT\r\nPING\r\n",
        b"SUBSCRIBE a b a\r\nPING\r\nPING x\r\nUNSUBSCRIBE b\r\nPUBSUB NUMSUB a b\r\nUNSUBSCRIBE\r\nPING\r\n",
        b"PSUBSCRIBE a*\r\nSUBSCRIBE ab\r\nMULTI\r\nGET a\r\nPUNSUBSCRIBE\r\nGET a\r\nRESET\r\nGET a\r\n",
        b"SUBSCRIBE a\r\nPUBLISH a x\r\nRESET\r\nPUBLISH a y\r\n",
        b"MULTI\r\nSUBSCRIBE a b\r\nGET s\r\nUNSUBSCRIBE a\r\nEXEC\r\nPING\r\n",
        b"MULTI\r\nSET s b\r\nRESET\r\nEXEC\r\n",
        b"CLIENT REPLY OFF\r\nPING\r\nNOSUCH\r\nCLIENT REPLY ON\r\nPING\r\n",
        b"CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n",
        b"CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO a\r\nECHO b\r\n",
        b"CLIENT REPLY SKIP\r\nNOSUCH\r\nECHO a\r\n",
        b"CLIENT REPLY OFF\r\nSUBSCRIBE a\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\n",
        b"HELLO 2 SETNAME b NOPE\r\nCLIENT GETNAME\r\nHELLO 2 SETNAME c AUTH x y\r\nCLIENT GETNAME\r\n",
        b"MULTI\r\nCLIENT SETNAME a\r\nHELLO x\r\nAUTH x\r\nCLIENT GETNAME\r\nEXEC\r\n",
        b"CLIENT SETNAME me\r\nCLIENT GETNAME\r\nCLIENT SETNAME ''\r\nCLIENT GETNAME\r\n",
        b"CONFIG SET maxmemory 1\r\nSET oo b\r\nGET s\r\nDEL oo\r\nMULTI\r\nGET s\r\nEXEC\r\nHSET h f v\r\nCONFIG SET maxmemory 0\r\nSET oo b\r\n",
        b"DEL d\r\nINCRBYFLOAT d 10.5\r\nINCRBYFLOAT d 1e-05\r\nINCRBYFLOAT d -1E+1\r\nSET d 1285e-1\r\nINCRBYFLOAT d .5e1\r\n",
        b"SET d 3\r\nINCRBYFLOAT d 1e-17\r\nSET d 3\r\nINCRBYFLOAT d 1e-18\r\nSET d 1e18\r\nINCRBYFLOAT d 1e0\r\nINCRBYFLOAT d 1e\r\n",
        b"HSET h d 10.5\r\nHINCRBYFLOAT h d 1e-05\r\nHSET h d 4e-18\r\nHINCRBYFLOAT h d 4e-18\r\nHDEL h d\r\n",
        b"CONFIG SET proto-max-bulk-len 1mb\r\nSETRANGE big 1048576 x\r\nSETRANGE big 1048575 x\r\nAPPEND big x\r\n\
          APPEND big ''\r\nSETRANGE big 1048576 x\r\nSETRANGE big 1048576 ''\r\nSETBIT big 8388608 1\r\nGETBIT big 8388608\r\n\
          GETBIT big 8388607\r\nSETRANGE h 1048576 x\r\nSETBIT h 8388608 1\r\nDEL big\r\nCONFIG SET proto-max-bulk-len 512mb\r\n",
        b"DEL b\r\nWATCH b\r\nSETBIT b 7 0\r\nMULTI\r\nEXEC\r\nWATCH b\r\nSETBIT b 7 0\r\nMULTI\r\nEXEC\r\nDEL b\r\n",
        b"SET b a\r\nWATCH b\r\nSETBIT b 7 1\r\nMULTI\r\nEXEC\r\nWATCH b\r\nSETBIT b 8 0\r\nMULTI\r\nEXEC\r\nGET b\r\nDEL b\r\n",
        b"SET b 12\r\nWATCH b\r\nSETBIT b 0 0\r\nMULTI\r\nEXEC\r\nOBJECT ENCODING b\r\nGET b\r\nINCR b\r\nDEL b\r\n",
        b"SET b a\r\nWATCH b\r\nSETBIT b 0 0\r\nMULTI\r\nEXEC\r\nOBJECT ENCODING b\r\nWATCH b\r\nSETRANGE b 0 a\r\nMULTI\r\nEXEC\r\nDEL b\r\n",
        b"MULTI\r\nSET s b\r\nCONFIG SET maxmemory 1\r\nEXEC\r\nCONFIG SET maxmemory 0\r\n",
    ];
    sessions.extend(pieces.iter().map(|piece| piece.to_vec()));
    sessions.push([&b"*1"[..], &vec![b'0'; 70_000]].concat());
    sessions.push([&b"*1\r\n$"[..], &vec![b'1'; 70_000]].concat());
    sessions.push(vec![b'x'; 70_000]);
    sessions
}
