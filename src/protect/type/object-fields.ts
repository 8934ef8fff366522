/** In charge of the types of Pothos' field builders, which Pothos itself gives no name. */
import type { BuilderTypes } from "../../builder/builder.js";
import type { Row } from "../resource.js";

/** The builder of the fields of a type whose values have this shape. */
export type FieldsOf<Shape> = PothosSchemaTypes.ObjectFieldBuilder<
  PothosSchemaTypes.ExtendDefaultTypes<BuilderTypes>,
  Shape
>;

/** The builder of the fields of a resource's type. */
export type ObjectFields = FieldsOf<Row>;
