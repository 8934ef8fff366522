/**
 * In charge of src/generated/datamodel.ts: the Prisma schema as data, with what Prisma's own client keeps to itself
 * (table, schema, column and native type names, join columns). `prisma generate` runs it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import helper from "@prisma/generator-helper";
import { describeDatamodel } from "./describe-datamodel.js";
import { renderDatamodel } from "./render-datamodel.js";

helper.generatorHandler({
  onManifest: () => ({ prettyName: "Portcullis datamodel", defaultOutput: "../src/generated/datamodel.ts" }),
  onGenerate: async ({ dmmf, datamodel, generator }) => {
    const path = generator.output?.value;
    if (path === undefined || path === null) throw new helper.GeneratorError("The generator datamodel has no output.");
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, renderDatamodel(describeDatamodel(dmmf.datamodel, datamodel)));
  },
});
