import { examine } from "./examine.ts";

// 320 is a desk's page enlarged fourfold, as WCAG 1.4.10 has it. A desk's window as narrow is looked at by axe.
examine({ width: 360, narrower: 320 });
