/** In charge of `portcullis schema`: the contract, as SDL on stdout. */

/** Prints the schema. */
export async function printContract(): Promise<void> {
  const { printedSchema } = await import("../schema/print.js");
  process.stdout.write(printedSchema());
}
