import {
  type BinaryOperationNode,
  OperatorNode,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  SqliteQueryCompiler,
} from "kysely";

/**
 * The values of `column in (…)`. They go as one parameter, so that the statement is the same however long the list is,
 * and both engines can keep it prepared.
 */
function listed({ operator, rightOperand }: BinaryOperationNode): readonly unknown[] | undefined {
  const isIn = OperatorNode.is(operator) && operator.operator === "in";
  return isIn && PrimitiveValueListNode.is(rightOperand) ? rightOperand.values : undefined;
}

export class SqliteCompiler extends SqliteQueryCompiler {
  /**
   * A parameter that stands bare in a join makes SQLite plan the query anew each time that it is bound, which takes
   * five times as long as running it; of an expression it does not ask what it is.
   */
  protected override getCurrentParameterPlaceholder(): string {
    return "+?";
  }

  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const list = listed(node);
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
  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const list = listed(node);
    if (!list) super.visitBinaryOperation(node);
    else {
      this.visitNode(node.leftOperand);
      this.append(" = any(");
      this.appendValue(list);
      this.append(")");
    }
  }
}
