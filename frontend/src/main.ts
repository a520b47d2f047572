// The page as its server has it: a socket, and an address that holds the settings.

import { Page } from "./page";
import { Socket } from "./wire";

const place = document.getElementById("page")!;
new Page(place, { keys: document, hasAddress: true }, (listener) => new Socket(listener));
