/**
 * A page in Debian's Chromium, without a window.
 */
import { chromium } from "playwright-core";
import { pathOf } from "./commands.mjs";

/** @param {string} command @param {string} url @returns {Promise<import("./in-browser.mjs").OpenPage>} */
export async function openInChromium(command, url) {
  const browser = await chromium.launch({
    executablePath: pathOf(command),
    // Its sandbox refuses to run as root.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    return { version: browser.version(), close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
