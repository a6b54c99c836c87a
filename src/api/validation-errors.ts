import type { ValidationTargets } from "hono";
import type { z } from "zod";
import { type FieldError, notFound, refuseFields } from "../errors.ts";

type Result = { target: keyof ValidationTargets; data?: unknown } & (
  | { success: true }
  | { success: false; error: z.ZodError }
);

/** Throws a Refusal with a sentence for each field that does not match the document; with 404 for an invalid path. */
export function rejectInvalid(result: Result): void {
  if (result.success) return;
  if (result.target === "param") notFound("address");
  refuseFields(result.error.issues.flatMap((issue) => fieldErrorsOf(issue, result)));
}

function fieldErrorsOf(issue: z.core.$ZodIssue, { target, data }: Result): FieldError[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: path ? `${path}.${key}` : key,
      message: `There is no ${target === "query" ? "parameter" : "field"} "${key.slice(0, 60)}" here. Check the spelling.`,
    }));
  const value = issue.path.reduce<unknown>((within, key) => (within as Record<PropertyKey, unknown>)?.[key], data);
  return [{ path, message: sentence(issue, path, value) }];
}

function sentence(issue: z.core.$ZodIssue, path: string, value: unknown): string {
  const name = path ? `"${path}"` : "The body";
  if (value === undefined && path) return `${name} is missing.`;
  if (issue.code === "invalid_type")
    return `${name} must be ${types[issue.expected] ?? issue.expected}, not ${typeOf(value)}.`;
  if (issue.code === "invalid_value") return `${name} must be ${issue.values.map(String).join(" or ")}.`;
  return issue.message;
}

const types: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return types[typeof value] ?? "that";
}
