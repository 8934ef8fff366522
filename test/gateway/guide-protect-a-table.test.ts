/** That the guide to protecting a table is true: a newcomer follows it to the letter, in a copy of the repository. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readWalkThrough, type WalkStep } from "../support/walk-through.js";

const root = new URL("../..", import.meta.url).pathname;
let copy: string;
let port: number;
let gateway: ChildProcess | undefined;
let defined = "";

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "portcullis-guide-"));
  // As root the server runs as another user, who must be able to get to its folder.
  await chmod(copy, 0o755);
  await cp(root, copy, { recursive: true, filter: (path) => isNeeded(relative(root, path)) });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  port = await freePort();
});

afterAll(async () => {
  if (gateway !== undefined && gateway.exitCode === null) {
    const ended = new Promise((resolve) => gateway?.once("exit", resolve));
    gateway.kill("SIGTERM");
    await ended;
  }
  await rm(copy, { recursive: true, force: true });
});

function isNeeded(path: string): boolean {
  return !/^(node_modules|test|bench|docs|dist|\.git|\.data)(\/|$)/.test(path);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

const environment = () => {
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME, PORT: String(port), npm_config_update_notifier: "false" };
};

// The one thing that is not to the letter: the port, which somebody else's gateway may have.
function type(command: string): Promise<string> {
  const script = `${defined}\n${command}`.replaceAll("localhost:4000", `localhost:${port}`);
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", script], { cwd: copy, env: environment() }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${command}\n${stdout}${stderr}`)),
    );
  });
}

async function start(): Promise<void> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], { cwd: copy, env: environment() });
  gateway = child;
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  await expect.poll(() => child.exitCode ?? said, { timeout: 90_000, interval: 100 }).toContain("listens on");
}

async function write({ path, after, text }: WalkStep & { kind: "file" }): Promise<void> {
  const file = join(copy, path);
  if (after === null) return await writeFile(file, text, { flag: "wx" });
  const before = await readFile(file, "utf8");
  if (after === "") return await writeFile(file, `${before}${text}`);
  const lines = before.split("\n");
  expect(lines.map((line) => line.trim())).toContain(after.trim());
  const longer = lines.flatMap((line) => (line.trim() === after.trim() ? [line, text.trimEnd()] : [line]));
  await writeFile(file, longer.join("\n"));
}

async function take(step: WalkStep): Promise<void> {
  if (step.kind === "file") return await write(step);
  const { command, answer, language } = step;
  if (command === "npm start\n") return await start();
  if (command.startsWith("ask() {")) {
    defined = command;
    return;
  }
  const said = await type(command);
  if (language === "json" && answer !== undefined) expect(JSON.parse(said)).toEqual(JSON.parse(answer));
  else if (answer !== undefined) expect(said).toContain(answer);
}

describe("the guide to protecting a table", () => {
  const steps = readWalkThrough("protect-a-table").map((step, at) => ({
    title: `${at + 1}. ${step.kind === "file" ? step.path : step.command.split("\n")[0]}`,
    step,
  }));

  test.each(steps)("answers as it says: $title", { timeout: 120_000 }, ({ step }) => take(step));
});
