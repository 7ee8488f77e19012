import type { Control } from "../definition/property-form";

/** What every editor of a property is given; undefined takes the value away. */
export interface Editing<K extends Control["kind"]> {
  control: Extract<Control, { kind: K }>;
  label: string;
  help: string | null;
  required: boolean;
  usual: unknown;
  value: unknown;
  error: string | undefined;
  onChange: (value: unknown) => void;
}
