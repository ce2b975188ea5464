import { useMemo } from "react";
import { describe } from "@/core/schema";
import { ListField, MapField, ObjectField, VariantsField } from "./group_fields";
import { BooleanField, ChoiceField, JsonField, NumberField, TextField } from "./leaf_fields";
import type { FieldProps } from "./place";

/** One field of a form, whatever its schema says it is. */
export function SchemaField(of: FieldProps) {
  const { schema, root } = of.shape;
  const field = useMemo(() => describe({ schema, root }), [schema, root]);
  switch (field.kind) {
    case "text":
      return <TextField field={field} of={of} />;
    case "number":
      return <NumberField field={field} of={of} />;
    case "boolean":
      return <BooleanField field={field} of={of} />;
    case "choice":
      return <ChoiceField field={field} of={of} />;
    case "list":
      return <ListField field={field} of={of} />;
    case "object":
      return <ObjectField field={field} of={of} />;
    case "map":
      return <MapField field={field} of={of} />;
    case "variants":
      return <VariantsField field={field} of={of} />;
    case "json":
      return <JsonField field={field} of={of} />;
  }
}
