import {
  type BinaryOperationNode,
  OperatorNode,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  SqliteQueryCompiler,
} from "kysely";

/**
 * The values of `column in (…)`; undefined for other operators. They are sent as one parameter, so that the statement
 * does not depend on the length of the list, and both engines can keep it prepared.
 */
function inListValues({ operator, rightOperand }: BinaryOperationNode): readonly unknown[] | undefined {
  const isIn = OperatorNode.is(operator) && operator.operator === "in";
  return isIn && PrimitiveValueListNode.is(rightOperand) ? rightOperand.values : undefined;
}

export class SqliteCompiler extends SqliteQueryCompiler {
  /**
   * A bare parameter in a join makes SQLite plan the query again each time it is bound, which takes five times as long
   * as running it. An expression does not.
   */
  protected override getCurrentParameterPlaceholder(): string {
    return "+?";
  }

  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const list = inListValues(node);
    if (!list) super.visitBinaryOperation(node);
    else {
      this.visitNode(node.leftOperand);
      this.append(" in (select value from json_each(");
      this.appendValue(JSON.stringify(list));
      this.append("))");
    }
  }
}

export class PostgresCompiler extends PostgresQueryCompiler {
  /**
   * In a subquery, the planner cannot see how long a list is. Where it can, it finds a plan for any list dearer than one
   * for this list, and so plans the query again each time, which takes longer than running it.
   */
  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const list = inListValues(node);
    if (!list) super.visitBinaryOperation(node);
    else {
      this.visitNode(node.leftOperand);
      const type = typeof list[0] === "number" ? "bigint[]" : "text[]";
      // an empty list does not tell its type, so PostgreSQL takes that of the column
      this.append(list.length ? " = any((select " : " = any(");
      this.appendValue(list);
      this.append(list.length ? `::${type})::${type})` : ")");
    }
  }
}
