// The page as its server has it: a socket, and an address that holds the settings.

import { LANGUAGE } from "./messages";
import { Page } from "./page";
import { Socket } from "./wire";

document.documentElement.lang = LANGUAGE;
const place = document.getElementById("page")!;
new Page(place, { keys: document, hasAddress: true }, (listener) => new Socket(listener));
