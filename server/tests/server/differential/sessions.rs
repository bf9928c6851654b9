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
select x
select 99
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
"#;

/// Bytes that are each a session of their own.
pub(super) fn all() -> Vec<Vec<u8>> {
    let mut sessions: Vec<Vec<u8>> = LINES
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n").into_bytes())
        .collect();
    let pieces: [&[u8]; 46] = [
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
        b"CLIENT SETNAME me\r\nCLIENT GETNAME\r\nCLIENT SETNAME ''\r\nCLIENT GETNAME\r\n",
        b"CONFIG SET maxmemory 1\r\nSET oo b\r\nGET s\r\nDEL oo\r\nMULTI\r\nGET s\r\nEXEC\r\nHSET h f v\r\nCONFIG SET maxmemory 0\r\nSET oo b\r\n",
        b"MULTI\r\nSET s b\r\nCONFIG SET maxmemory 1\r\nEXEC\r\nCONFIG SET maxmemory 0\r\n",
    ];
    sessions.extend(pieces.iter().map(|piece| piece.to_vec()));
    sessions.push([&b"*1"[..], &vec![b'0'; 70_000]].concat());
    sessions.push([&b"*1\r\n$"[..], &vec![b'1'; 70_000]].concat());
    sessions.push(vec![b'x'; 70_000]);
    sessions
}
