/** Attacks on logins: wrong passwords must not keep other users out. */
import assert from "node:assert/strict";
import { LoginQueue, type LoginQueueDeps } from "../../src/broker/access/login_queue.ts";
import { AccessControl } from "../../src/broker/access/access_control.ts";
import { hashPassword } from "../../src/broker/access/password_hash.ts";

/** A login queue whose checks take 0.1 s of a manual clock. */
class QueueStage {
  nowMs = 0;
  /** Users in the order in which their checks began. */
  readonly begun: string[] = [];
  readonly queue: LoginQueue;
  readonly #running: (() => void)[] = [];

  constructor(deps: Partial<LoginQueueDeps> = {}) {
    const usual = { parallel: 1, perUser: 4, longestWaitMs: 5_000, nowMs: () => this.nowMs };
    this.queue = new LoginQueue({ ...usual, ...deps });
  }

  login(address: string, user: string, isOver = () => false) {
    return this.queue.check(address, user, () => {
      this.begun.push(user);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#running.push(() => resolve(user.startsWith("right")));
      return promise;
    }, isOver);
  }

  /** Advances the clock until `count` more checks are done. */
  async finish(count: number): Promise<void> {
    for (let done = 0; done < count && this.#running.length > 0; done++) {
      this.nowMs += 100;
      this.#running.shift()!();
      // The rest runs in microtasks.
      // deno-lint-ignore no-await-in-loop
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }
}

Deno.test("F5: during 250 wrong logins a second of one name another user logs in within a second", async () => {
  const stage = new QueueStage();
  const wrong = Array.from({ length: 250 }, () => stage.login("127.0.0.1", "admin"));
  const right = stage.login("127.0.0.1", "right");
  assert.ok(stage.queue.size <= 6, `${stage.queue.size} wait`);
  await stage.finish(3);
  assert.equal(await right, "right");
  assert.ok(stage.nowMs <= 1_000);
  const outcomes = await Promise.all(wrong.slice(5));
  assert.ok(outcomes.every((outcome) => outcome === "busy"));
});

Deno.test("F5: users with earlier wrong passwords wait for users without", async () => {
  const stage = new QueueStage();
  const flood = () => {
    for (let each = 0; each < 60; each++) void stage.login("192.0.2.1", `user${each % 12}`);
  };
  flood();
  await stage.finish(12);
  flood();
  const fromMs = stage.nowMs;
  const right = stage.login("192.0.2.1", "right");
  await stage.finish(2);
  assert.equal(await Promise.race([right, Promise.resolve("waits")]), "right");
  assert.ok(stage.nowMs - fromMs <= 200);
});

Deno.test("F5: the first wrong logins for ten users leave the next check to a user with one login", async () => {
  const stage = new QueueStage();
  for (let each = 0; each < 30; each++) void stage.login("192.0.2.1", `user${each % 10}`);
  const right = stage.login("192.0.2.1", "right");
  await stage.finish(2);
  assert.equal(await Promise.race([right, Promise.resolve("waits")]), "right");
  assert.ok(stage.nowMs <= 200);
});

Deno.test("F5: in a full queue a user with a wrong password makes room for a user without", async () => {
  const stage = new QueueStage({ longestWaitMs: 500 });
  const login = (each: number) => stage.login("192.0.2.1", `user${each}`);
  for (let each = 0; each < 5; each++) void login(each);
  await stage.finish(5);
  const wrong = Array.from({ length: 20 }, (_, each) => login(each % 5));
  const right = stage.login("192.0.2.1", "right");
  await stage.finish(3);
  assert.equal(await Promise.race([right, Promise.resolve("waits")]), "right");
  assert.ok((await Promise.all(wrong.slice(10))).every((outcome) => outcome === "busy"));
});

Deno.test("F5: in a full queue a user with many logins makes room for a user with none", async () => {
  const stage = new QueueStage({ longestWaitMs: 500 });
  for (let each = 0; each < 40; each++) void stage.login("192.0.2.1", `user${each % 3}`);
  const right = stage.login("192.0.2.1", "right");
  await stage.finish(5);
  assert.equal(await Promise.race([right, Promise.resolve("waits")]), "right");
});

Deno.test("F5: the login queue serves addresses in turn", async () => {
  const stage = new QueueStage({ longestWaitMs: 60_000 });
  for (let each = 0; each < 100; each++) void stage.login("192.0.2.1", `user${each}`);
  const right = stage.login("192.0.2.2", "right");
  await stage.finish(3);
  assert.equal(await right, "right");
  assert.deepEqual(stage.begun.slice(0, 3).filter((user) => user === "right"), ["right"]);
});

Deno.test("F5: the login queue skips a login whose connection has ended", async () => {
  const stage = new QueueStage();
  const gone = { isOver: false };
  void stage.login("192.0.2.1", "first");
  for (let each = 0; each < 4; each++) void stage.login("192.0.2.1", "admin", () => gone.isOver);
  gone.isOver = true;
  const right = stage.login("192.0.2.1", "admin");
  await stage.finish(2);
  assert.deepEqual(stage.begun, ["first", "admin"]);
  assert.equal(await right, "wrong");
  assert.equal(stage.queue.size, 0);
});

Deno.test("F5: the login queue refuses at once a login that would wait too long", async () => {
  const stage = new QueueStage({ longestWaitMs: 500 });
  const all = Array.from({ length: 20 }, (_, each) => stage.login("192.0.2.1", `user${each}`));
  const busy = (await Promise.race([Promise.all(all.slice(8)), stage.finish(0).then(() => [])])).length;
  assert.equal(busy, 12);
});

Deno.test("F5: logins of a fleet with one name and password need one check", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/users`, `fleet:${await hashPassword("right", 1_000)}\n`);
    const access = await AccessControl.open({ users: `${folder}/users` });
    const password = new TextEncoder().encode("right");
    const logins = Array.from(
      { length: 500 },
      (_, each) => access.judge({ clientId: `c${each}`, username: "fleet", password, peer: "192.0.2.1:1" }),
    );
    assert.deepEqual(new Set(await Promise.all(logins)), new Set(["accept"]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
