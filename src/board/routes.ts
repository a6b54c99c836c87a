import { Hono } from "hono";
import { html } from "../../views/parts/html.ts";
import { page, type SiteEnv } from "../web.ts";

export const board = new Hono<SiteEnv>();

board.get("/", async (c) => page(c, { title: "Board", here: "board", rail: "full" }, html`<h1>Board</h1>`));
