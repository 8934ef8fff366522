/** In charge of the embedded server's passwords: random, made once, readable by the owner of the data folder alone. */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One password for each login role. */
export interface Passwords {
  readonly postgres: string;
  readonly authenticator: string;
}

/** Reads the passwords of a data folder, or makes them. */
export async function keepPasswords(dataFolder: string): Promise<Passwords> {
  const file = join(dataFolder, "passwords.json");
  const passwords = { postgres: randomPassword(), authenticator: randomPassword() };
  // With "wx" the first of two processes wins, and the other reads what it wrote.
  await writeFile(file, JSON.stringify(passwords), { mode: 0o600, flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return JSON.parse(await readFile(file, "utf8")) as Passwords;
}

function randomPassword(): string {
  return randomBytes(24).toString("base64url");
}
