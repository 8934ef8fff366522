/** In charge of the type of Pothos' field builder on a resource, which Pothos itself gives no name. */
import type { BuilderTypes } from "../../builder/builder.js";
import type { Row } from "../resource.js";

/** The builder of the fields of a resource's type. */
export type ObjectFields = PothosSchemaTypes.ObjectFieldBuilder<
  PothosSchemaTypes.ExtendDefaultTypes<BuilderTypes>,
  Row
>;
