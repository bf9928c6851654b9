// What an application in JavaScript does, by node-redis; RESP2 and RESP3.
const assert = require("node:assert/strict");
const { createClient } = require("redis");

const [host, port, protocol] = process.argv.slice(2);
const options = { socket: { host, port: Number(port) }, RESP: Number(protocol), name: "application" };

async function main() {
    const client = createClient(options);
    client.on("error", (error) => {
        console.error(error);
        process.exit(1);
    });
    await client.connect();
    assert.equal(await client.ping(), "PONG");
    assert.equal(await client.clientGetName(), "application");
    await client.flushAll();
    assert.equal(await client.set("k", "v", { EX: 100 }), "OK");
    assert.equal(await client.get("k"), "v");
    assert.equal(await client.get("none"), null);
    assert.equal(await client.incrBy("n", 5), 5);
    assert.equal(await client.hSet("h", { f: "1", g: "2" }), 2);
    assert.deepEqual({ ...(await client.hGetAll("h")) }, { f: "1", g: "2" });
    assert.equal(await client.rPush("l", ["1", "2"]), 2);
    assert.deepEqual(await client.lRange("l", 0, -1), ["1", "2"]);
    assert.equal(await client.sAdd("s", ["x", "y"]), 2);
    assert.deepEqual([...(await client.sMembers("s"))].sort(), ["x", "y"]);
    assert.equal(await client.zAdd("z", [{ score: 1, value: "one" }, { score: 2.5, value: "two" }]), 2);
    assert.equal(await client.zScore("z", "two"), 2.5);
    const ranked = await client.zRangeWithScores("z", 0, -1);
    assert.deepEqual(
        ranked.map(({ score, value }) => [value, score]),
        [["one", 1], ["two", 2.5]],
    );
    const many = await Promise.all([...Array(1000).keys()].map((n) => client.set(`p${n}`, `${n}`)));
    assert.ok(many.every((reply) => reply === "OK"));
    const done = await client.multi().set("m", "1").incr("m").get("m").exec();
    assert.deepEqual(done, ["OK", 2, "2"]);
    await assert.rejects(client.incr("k"), /value is not an integer or out of range/);
    let keys = 0;
    for await (const found of client.scanIterator({ MATCH: "p*", COUNT: 100 })) {
        keys += found.length;
    }
    assert.equal(keys, 1000);

    const listener = client.duplicate();
    await listener.connect();
    const heard = new Promise((resolve) => listener.subscribe("news", resolve));
    while ((await client.publish("news", "hello")) === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(await heard, "hello");
    await listener.unsubscribe("news");
    listener.destroy();
    client.destroy();
    console.log("node-redis is content");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
