import { html } from './parts/html.ts'
import type { Html } from './parts/html.ts'
import { signs } from './parts/is.ts'
import { head } from './parts/page.ts'

export const help = (): Html => html`${head({ title: 'Help' })}${signs()}`
