/** Answer of POST /api/sign-in and GET /api/me. */
export interface Me {
  staff: string;
  name: string;
  number: string;
  centre: string;
  city: string;
  role: "staff" | "supervisor" | "technician" | "admin" | "evaluator";
}

export type Place = "desk" | "admin" | "reading";

/** Where somebody works after signing in: who serves visitors at the desk, who looks after kiosks on the admin page. */
export function placeOf(role: Me["role"]): Place {
  if (role === "staff" || role === "supervisor") return "desk";
  return role === "evaluator" ? "reading" : "admin";
}
