"""What an application in Python does, by redis-py; RESP2 and RESP3."""

import sys

import redis

host, port, protocol = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def connect(**options):
    return redis.Redis(
        host=host, port=port, protocol=protocol, decode_responses=True, **options
    )


client = connect(client_name="application")
assert client.ping()
assert client.client_getname() == "application"
client.flushall()
assert client.set("k", "v", ex=100, nx=True)
assert client.set("k", "w", nx=True) is None
assert client.get("k") == "v"
assert 90 < client.ttl("k") <= 100
assert client.getex("k", persist=True) == "v" and client.ttl("k") == -1
assert client.mset({"a": 1, "b": 2}) and client.mget("a", "b", "none") == ["1", "2", None]
assert client.incrbyfloat("f", "1.5") == 1.5
assert client.hset("h", mapping={"f": "1", "g": "2"}) == 2
assert client.hgetall("h") == {"f": "1", "g": "2"}
assert client.rpush("l", 1, 2, 3) == 3 and client.lrange("l", 0, -1) == ["1", "2", "3"]
assert client.sadd("s", "x", "y") == 2 and set(client.smembers("s")) == {"x", "y"}
assert client.zadd("z", {"one": 1, "two": 2.5}) == 2
assert client.zscore("z", "two") == 2.5
assert [tuple(pair) for pair in client.zrange("z", 0, -1, withscores=True)] == [
    ("one", 1.0),
    ("two", 2.5),
]
assert client.setbit("bits", 7, 1) == 0 and client.bitcount("bits") == 1
assert sorted(client.scan_iter(match="?", count=2)) == sorted(
    ["k", "a", "b", "f", "h", "l", "s", "z"]
)
try:
    client.incr("k")
    raise AssertionError("a text is no number")
except redis.ResponseError as error:
    assert str(error) == "value is not an integer or out of range", error

with client.pipeline() as pipeline:
    for number in range(1000):
        pipeline.set(f"p{number}", number)
    pipeline.get("p999")
    assert pipeline.execute()[-1] == "999"

with client.pipeline() as pipeline:
    pipeline.watch("watched")
    client.set("watched", 1)
    pipeline.multi()
    pipeline.incr("watched")
    try:
        pipeline.execute()
        raise AssertionError("the watched key has changed")
    except redis.WatchError:
        pass

channel = client.pubsub()
channel.subscribe("news")
channel.psubscribe("n*")
seen = [channel.get_message(timeout=5)["type"] for _ in range(2)]
assert seen == ["subscribe", "psubscribe"], seen
assert client.publish("news", "hello") == 2
messages = [channel.get_message(timeout=5) for _ in range(2)]
assert [message["type"] for message in messages] == ["message", "pmessage"], messages
assert all(message["data"] == "hello" for message in messages)
channel.close()

info = client.info()
assert info["redis_version"] == "7.0.15" and info["role"] == "master"
assert client.config_get("maxmemory")["maxmemory"] == "0"
assert any(entry["name"] == "application" for entry in client.client_list())
assert client.command_count() > 150 and "get" in client.command()
assert client.memory_usage("k") > 0 and client.memory_stats()["keys.count"] > 1000
assert client.slowlog_len() >= 0 and client.dbsize() > 1000

client.config_set("requirepass", "secret")
try:
    try:
        connect().ping()
        raise AssertionError("a password is asked for")
    except redis.AuthenticationError:
        pass
    assert connect(password="secret").ping()
finally:
    client.config_set("requirepass", "")
print("redis-py is content")
