/** In charge of the text form in which a JavaScript value travels to PostgreSQL as a parameter. */

/** What goes over the wire: text, raw bytes, or null. */
export type WireValue = string | Buffer | null;

/**
 * A value as a parameter: null and undefined are null, a Date is its UTC time, bytes stay bytes, an array is a PostgreSQL
 * array (stringify a JSON array yourself), any other object is JSON.
 */
export function toWireValue(value: unknown): WireValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return toArrayLiteral(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return JSON.stringify(value);
}

function toArrayLiteral(values: readonly unknown[]): string {
  return `{${values.map(toArrayElement).join(",")}}`;
}

function toArrayElement(value: unknown): string {
  if (Array.isArray(value)) return toArrayLiteral(value);
  const wire = toWireValue(value);
  if (wire === null) return "NULL";
  if (Buffer.isBuffer(wire)) return `"\\\\x${wire.toString("hex")}"`;
  return `"${wire.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}
