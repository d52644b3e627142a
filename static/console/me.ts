/** Answer of POST /api/sign-in and GET /api/me. */
export interface Me {
  staff: string;
  name: string;
  number: string;
  centre: string;
  city: string;
  role: "staff" | "supervisor" | "technician" | "admin" | "evaluator";
}
