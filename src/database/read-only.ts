import type { RootOperationNode } from "kysely";
import type { Database } from "./connect.ts";

/** The same database, on which every statement that writes throws `refusal` instead. */
export function readOnly(db: Database, refusal: Error): Database {
  return db.withPlugin({
    transformQuery({ node }) {
      if (isWrite(node)) throw refusal;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
}

const writes = new Set(["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode", "MergeQueryNode"]);

function isWrite(node: RootOperationNode): boolean {
  if (node.kind !== "RawNode") return writes.has(node.kind);
  // at the start, or after `with …`
  return /^\s*(insert|update|delete)\b|\)\s*(insert into|update|delete from)\b/i.test(node.sqlFragments.join(""));
}
