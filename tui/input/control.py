"""From keys to changes of the view and commands to the engine. Knows no terminal; every key press comes through here."""

import re
from collections.abc import Sequence
from typing import get_args

from engine import Bookmark, Disarm, Flat, Stop, Unlock, clean
from tui.input import keys, on_orders, on_position, reasons
from tui.input.actions import LINES, Actions, Shell
from tui.input.guard import NOT_TAKEN, PLANS, Press, by_hand, may_fire
from tui.panes import log
from tui.view import closing, flat, leaving, orders
from tui.view.engine_client import EngineClient
from tui.view.model import Dialog, TypedDialog, Ui, View

_TYPED: tuple[Dialog, ...] = get_args(TypedDialog)
_BY_HAND: tuple[Dialog, ...] = (*_TYPED, *PLANS)  # those of them that take no paste
_LONGEST_TEXT = 60
_UNLOCK = "UNLOCK"
_DIGEST_NS = 20_000_000_000
_BLINK = re.compile(r"away [01] s: nothing happened")


class Control:
    """Turns key presses into changes of the view and commands; every one comes through `press`."""

    def __init__(self, ui: Ui, client: EngineClient, shell: Shell) -> None:
        self.ui = ui
        self._client = client
        self._shell = shell
        self._card_came = False  # the closing card, by itself
        self._spelt: tuple[str, ...] = ()  # keys that a hand may go on to type at one that did nothing
        self._actions = Actions(ui, client, shell)
        self.note = self._actions.note

    def press(self, press: Press, view: View) -> None:
        """Take one key press while `view` is on the screen."""
        self._actions.view = view
        self.ui.digest = ""
        self.ui.hint = False
        if self.ui.dialog:
            self._press_in_dialog(press)
            return
        if press.key == "ctrl+c":
            self.ui.open("quit")
            return
        if self._spelt and press.key == self._spelt[0]:  # of a word for a lock that is gone, or never was
            self._spelt = self._spelt[1:]
            return
        self._spelt = ()
        self.ui.notice = ""
        if press.key == "escape" and self.ui.filters.pop(self.ui.focus, ""):
            return
        found = keys.lookup(press.key, view)
        why = reasons.why_not(press.key, view)
        if why and not self._actions.locks(press.at_ns, found):
            if by_hand(press) or found is not None:
                self.note(why, press.at_ns)
            self._spelt = (*_UNLOCK, "enter") if found is not None and found.action == "unlock" else ()
        elif found is not None:
            self._actions.act(found.action, press.at_ns)

    def scroll(self, by: int, view: View) -> None:
        """Take a turn of the mouse's wheel while `view` is on the screen."""
        self._actions.view = view
        self._actions.move(by)

    def paste(self, text: str, at_ns: int) -> None:
        """Take pasted text: into a dialog that asks for a place or a word, and nowhere else; other dialogs say so."""
        if self.ui.dialog in {"goto", "search", "bookmark", "filter", "orders_filter", "watch", "log_level"}:
            self.ui.text = clean(self.ui.text + text, _LONGEST_TEXT)
            self._filter()
        elif self.ui.dialog in _BY_HAND:
            self.note("the paste was not taken: this is typed by hand, not pasted", at_ns, "warn")

    def tell(self, lines: Sequence[str], now_ns: int) -> None:
        """Show what the engine told this screen: what happened in an absence over the panes, all else as a notice."""
        for line in lines:
            if _BLINK.fullmatch(line):  # a link that was lost for a second is no absence
                continue
            if line.startswith("away ") and not line.endswith(": nothing happened"):
                self.ui.digest, self.ui.digest_until_ns = line, now_ns + _DIGEST_NS
            else:
                self.note(line, now_ns, "accent" if line.startswith("you have ") else "alert")

    def close_day(self, view: View) -> None:
        """Show what came of a day or a replay that is over, once, as soon as no other dialog is open."""
        over = closing.identity(view.snapshot)
        if over and over != self.ui.closing_shown and not self.ui.dialog:
            self.ui.closing_shown = over
            self.ui.open("closing")
            self._card_came = True
        elif not over and self._card_came:  # begun anew meanwhile: there is nothing to be read any more
            self._card_came = False
            if self.ui.dialog == "closing":
                self.ui.dialog = ""

    def pass_time(self, now_ns: int) -> None:
        """Close what closes by itself."""
        ui = self.ui
        self._actions.on_position.pass_time(now_ns)
        self._actions.on_orders.pass_time(now_ns)
        if ui.dialog == "flat" and ui.plan_until_ns and now_ns >= ui.plan_until_ns and not self._flat_goes_on():
            self._close_plan()
        if ui.notice and now_ns >= ui.notice_until_ns:
            ui.notice = ""
        if ui.digest and now_ns >= ui.digest_until_ns:
            ui.digest = ""

    # ── Dialogs ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _press_in_dialog(self, press: Press) -> None:
        dialog = self.ui.dialog
        if dialog == "flat":
            self._press_in_plan(press)
        elif press.key == "!" and self._goes_through(dialog):
            self._actions.act("arm", press.at_ns)
        elif dialog in {"position", "action"}:
            self._actions.on_position.press(press)
        elif dialog in _TYPED:
            self._type(press)
        elif press.key in LINES and dialog in {"orders", "help", "trades", "found", "closing", "days", "day"}:
            self._actions.move(LINES[press.key])
        elif dialog in on_orders.DIALOGS:
            self._actions.on_orders.press(press)
        elif dialog in {"days", "day"}:
            self._press_in_days(press)
        elif dialog == "found" and press.key == "a":
            self._actions.act("acknowledge", press.at_ns)
        elif dialog == "quit" and press.key == "q":
            self._shell.leave()
        elif dialog == "quit" and press.key == "s" and self._client.attachment.apart and not self._has_ended():
            self.ui.open("stop")
        else:
            self.ui.dialog = ""
            if dialog == "control":
                self._press_at_control(press)

    def _press_in_days(self, press: Press) -> None:
        """Open the chosen day, or go back from it to the others; any other key closes."""
        dialog, self.ui.dialog = self.ui.dialog, ""
        if dialog == "days" and press.key == "enter":
            self.ui.dialog = dialog
            self._actions.open_day()
        elif dialog == "day" and press.key == "escape":
            self._actions.do_days(press.at_ns)

    def _goes_through(self, dialog: Dialog) -> bool:
        """Whether `!` means the flat although a dialog is open: one that came by itself, of a position, or about leaving an engine that goes on."""
        return dialog in {"closing", *on_position.DIALOGS, *on_orders.DIALOGS} or (
            dialog in leaving.DIALOGS and self._client.attachment.apart
        )

    def _has_ended(self) -> bool:
        """Whether there is no engine left to stop."""
        attachment = self._client.attachment
        return self._client.snapshot.stopped or (bool(attachment.lost) and not attachment.there)

    def _press_at_control(self, press: Press) -> None:
        """`t` takes control from whoever has it, `g` gives it up; other keys close. What a line's noise types does neither."""
        attachment = self._client.attachment
        if press.key not in {"t", "g"} or not by_hand(press):
            return
        if attachment.lost:
            self.note("no link to the engine: control stays as it is", press.at_ns, "alert")
        elif attachment.read_only:
            self.note("this screen is read-only: attach without --read-only to command", press.at_ns, "alert")
        elif press.key == "t" and not attachment.has_control:
            self._client.take_control()
        elif press.key == "g" and attachment.has_control:
            self._client.give_control()

    def _press_in_plan(self, press: Press) -> None:
        """`x` fires under the guard's conditions, and says so when they do not hold; any other key closes the plan.

        A running flat is only looked at; a finished one leaves its receipt until a key is pressed. Among several legs
        arrows only move: who looks for one must not lose the plan.
        """
        if press.key in LINES and flat.count(self._client.snapshot) > 1:
            self._actions.move(LINES[press.key])
        elif self._client.snapshot.flat.state in flat.RUNS:
            held = self._client.snapshot.flat.state == "HELD" and self._client.attachment.may_flat
            if press.key == "x" and held and may_fire(press, self.ui.plan_drawn_ns):
                self._client.send(Flat(anyway=True))
            elif press.key not in {"x", "!"}:
                self.ui.dialog = ""
        elif self._flat_goes_on():
            self.ui.dialog = ""
            if press.key == "k":
                self.ui.open("unlock")
        elif press.key == "x" and self._client.attachment.may_flat and may_fire(press, self.ui.plan_drawn_ns):
            self._client.send(Flat())
            self.ui.plan_until_ns = self.ui.plan_drawn_ns = (
                0  # what comes of it has to be drawn before `x` means anything
            )
        elif press.key == "x":
            self.note(NOT_TAKEN.format("x"), press.at_ns, "alert")
        else:
            self._close_plan()

    def _close_plan(self) -> None:
        self.ui.dialog = ""
        self.ui.plan_drawn_ns = self.ui.plan_until_ns = 0
        if not self._flat_goes_on() and self._client.attachment.may_flat:
            self._client.send(Disarm())

    def _flat_goes_on(self) -> bool:
        """Whether a flat was fired from this plan, or runs for another reason."""
        fired = self.ui.dialog == "flat" and self.ui.plan_until_ns == 0
        return fired or self._client.snapshot.flat.state in flat.RUNS

    def _type(self, press: Press) -> None:
        ui = self.ui
        match press.key:
            case "escape" | "ctrl+c":
                if ui.dialog == "search":
                    ui.search = ""
                ui.text = ""
                self._filter()
                ui.dialog = "orders" if ui.dialog == "orders_filter" else ""
            case "backspace" | "ctrl+h":
                ui.text, ui.choice = ui.text[:-1], 0
            case "up" | "down" | "pageup" | "pagedown":
                self._actions.move(LINES[press.key])
            case "enter":
                self._enter(press.at_ns)
            case key if len(key) == 1 and key.isprintable() and len(ui.text) < _LONGEST_TEXT:
                ui.text, ui.choice = ui.text + key, 0
        self._filter()

    def _filter(self) -> None:
        """While a filter is typed, its pane or list goes by what there is of it."""
        if self.ui.dialog == "filter":
            self.ui.filters[self.ui.focus] = self.ui.text
        elif self.ui.dialog == "orders_filter":
            self.ui.filters[orders.NAME] = self.ui.text

    def _enter(self, at_ns: int) -> None:
        ui = self.ui
        dialog, text = ui.dialog, ui.text.strip()
        view = self._actions.view
        entries = keys.palette(view) if dialog == "palette" and view is not None else []
        if dialog == "stop_price":  # one that cannot be may be typed anew
            self._actions.on_position.typed(text, at_ns)
            return
        ui.dialog = "orders" if dialog == "orders_filter" else ""
        match dialog:
            case "unlock" if text == _UNLOCK:
                self._client.send(Unlock())
            case "unlock":
                self.note("not unlocked: type UNLOCK in capitals", at_ns, "warn")
            case "stop" if text == leaving.stop_word(self._client.snapshot):
                self._client.send(Stop())
            case "stop":  # with a position open the word is another one
                word = leaving.stop_word(self._client.snapshot)
                self.note(f"the engine goes on: type {word} in capitals to stop it", at_ns, "warn")
            case "search":
                ui.search = text
                if view is not None and (why := log.show_found(view)):
                    self.note(why, at_ns, "warn")
            case "bookmark":
                self._client.send(Bookmark(clean(text), *ui.place))
            case "goto":
                self._actions.on_replay.go_to(text, at_ns)
            case "watch" | "log_level":
                change = self._actions.change_list if dialog == "watch" else self._actions.change_log
                change(text, at_ns)
            case "palette" if entries:
                self._choose(entries[min(ui.choice, len(entries) - 1)][2], at_ns)

    def _choose(self, action: str, at_ns: int) -> None:
        """Carry out what was chosen from the palette, or say why not."""
        key, view = next((key for key in keys.TABLE if key.action == action), None), self._actions.view
        if key is not None and view is not None and (why := reasons.barred(key, view)):
            self.note(why, at_ns)
        else:
            self._actions.act(action, at_ns)
