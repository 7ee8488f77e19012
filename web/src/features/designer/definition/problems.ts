/** What checking found; `path` leads to it in the definition, `step_id` names the step. */
export interface Problem {
  severity: "error" | "warning";
  code: string;
  message: string;
  path: string;
  step_id: string | null;
}

/** The problems by the step they are about; those of the whole under "". */
export function problemsByStep(problems: Problem[], ids: string[]): Map<string, Problem[]> {
  const found = new Map<string, Problem[]>();
  for (const problem of problems) {
    const id = problem.step_id ?? stepAt(problem.path, ids) ?? "";
    const list = found.get(id);
    if (list) list.push(problem);
    else found.set(id, [problem]);
  }
  return found;
}

/** The problem's path inside its step: `fields[0].label`; "" is the step as a whole. */
export function pathInStep(problem: Problem): string {
  return problem.path.replace(/^steps\[\d+\]\.?/, "");
}

/** Those of the step's problems that are about a property, or about something in it. */
export function problemsAt(problems: Problem[], property: string): Problem[] {
  return problems.filter((problem) => {
    const path = pathInStep(problem);
    return path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`);
  });
}

/** The worst there is. */
export function worst(problems: Problem[]): Problem["severity"] | null {
  if (problems.some(({ severity }) => severity === "error")) return "error";
  return problems.length > 0 ? "warning" : null;
}

function stepAt(path: string, ids: string[]): string | undefined {
  const found = /^steps\[(\d+)\]/.exec(path);
  return found ? ids[Number(found[1])] : undefined;
}
