// The price chart of a report: prices with entries, exits and stops, the account and its falls, linked by one axis of time.
// Plain drawing on a canvas; asks for nothing, keeps nothing.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  // Steps as variable-length numbers: see price_data.py.
  const decode = (packed) => {
    const raw = atob(packed.b), at = new Float64Array(packed.n), value = new Float64Array(packed.n);
    let place = 0;
    const next = () => {
      let found = 0, byte = 128;
      for (let times = 1; byte & 128; times *= 128) {
        byte = raw.charCodeAt(place++);
        found += (byte & 127) * times;
      }
      return found;
    };
    let t = packed.t, v = packed.v;
    for (let n = 0; n < packed.n; n++) {
      if (n) {
        const code = next(), few = code % 4, zigzag = (code - few) / 4;
        t += (few === 3 ? 3 + next() : few) * packed.tu;
        v += (zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2) * packed.vu;
      }
      [at[n], value[n]] = [t, v];
    }
    return { at, value };
  };
  const lowest = (list, x) => { // the first place whose moment is not before x
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = list[middle] < x ? [middle + 1, high] : [low, middle];
    }
    return low;
  };

  class Chart {
    constructor(box) {
      const data = JSON.parse(document.getElementById(box.dataset.from).textContent);
      this.canvas = box.querySelector("canvas");
      this.said = box.querySelector("output");
      this.clock = new Intl.DateTimeFormat("en-GB", { timeZone: data.zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
      this.lay(data.days);
      this.choose(box.querySelector("select"));
      [this.view, this.cross, this.drag] = [[0, this.end], null, null];
      this.listen(box);
      new ResizeObserver(() => this.draw()).observe(this.canvas);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    }

    // Days stand one behind the other: nights take no room.
    lay(days) {
      let from = 0;
      const names = new Set();
      this.days = days.map((day) => {
        const paths = day.paths.map((each) => {
          names.add(each.s);
          return { name: each.s, scale: each.k, marks: each.m, ...decode(each.p) };
        });
        const begin = Math.min(...paths.map((each) => each.at[0])), end = Math.max(...paths.map((each) => each.at[each.at.length - 1]));
        const laid = { date: day.d, paths, account: decode(day.e), ahead: day.o, begin, from, long: Math.max(1000, end - begin) };
        from += laid.long;
        return laid;
      });
      [this.end, this.names] = [from, [...names]];
      let peak = -Infinity;
      for (const { account } of this.days) account.below = account.value.map((each) => each - (peak = Math.max(peak, each)));
    }
    choose(select) {
      this.names.forEach((name) => select.add(new Option(name, name)));
      [select.hidden, this.name] = [this.names.length < 2, this.names[0]];
      select.addEventListener("change", () => { this.name = select.value; this.draw(); });
    }
    listen(box) {
      const c = this.canvas, place = (event) => event.clientX - c.getBoundingClientRect().left;
      c.addEventListener("pointerdown", (event) => { c.setPointerCapture(event.pointerId); this.drag = [place(event), place(event)]; });
      c.addEventListener("pointermove", (event) => { this.cross = place(event); if (this.drag) this.drag[1] = this.cross; this.draw(); });
      c.addEventListener("pointerup", () => {
        const [a, b] = (this.drag || [0, 0]).sort((one, other) => one - other);
        this.drag = null;
        if (b - a > 5) this.show(this.time(a), this.time(b)); else this.draw();
      });
      c.addEventListener("pointerleave", () => { this.cross = null; this.draw(); });
      c.addEventListener("dblclick", () => this.show(0, this.end));
      c.addEventListener("keydown", (event) => {
        const [a, b] = this.view, long = b - a;
        const moves = {
          ArrowLeft: [a - long / 4, b - long / 4], ArrowRight: [a + long / 4, b + long / 4],
          "+": [a + long / 4, b - long / 4], "=": [a + long / 4, b - long / 4], "-": [a - long / 2, b + long / 2],
          0: [0, this.end], Escape: [0, this.end], Home: [0, long], End: [this.end - long, this.end],
        };
        const move = moves[event.key];
        if (move && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); this.show(...move); }
      });
      for (const [name, times] of [["in", 0.5], ["out", 2], ["all", 1e9]]) {
        box.querySelector(`[data-zoom=${name}]`).addEventListener("click", () => {
          const middle = (this.view[0] + this.view[1]) / 2, half = (this.view[1] - this.view[0]) / 2 * times;
          this.show(middle - half, middle + half);
        });
      }
    }
    show(a, b) {
      const long = Math.min(Math.max(b - a, 5000), this.end), from = Math.min(Math.max(0, a), this.end - long);
      this.view = [from, from + long];
      this.draw();
    }
    time(x) { return this.view[0] + (x - this.left) / this.wide * (this.view[1] - this.view[0]); }
    x(time) { return this.left + (time - this.view[0]) / (this.view[1] - this.view[0]) * this.wide; }
    // What is seen of a series of each day: called with the day, its x of a moment, and the places from-to.
    *seen(series) {
      for (const day of this.days) {
        const list = series(day);
        if (!list || day.from > this.view[1] || day.from + day.long < this.view[0]) continue;
        const moment = (time) => time - day.from + day.begin;
        const a = Math.max(0, lowest(list.at, moment(this.view[0])) - 1), b = Math.min(list.at.length, lowest(list.at, moment(this.view[1])) + 1);
        yield { day, list, a, b, x: (at) => this.x(at - day.begin + day.from) };
      }
    }
    draw() {
      const c = this.canvas, box = c.getBoundingClientRect(), fine = devicePixelRatio || 1;
      if (!box.width) return;
      [c.width, c.height] = [box.width * fine, box.height * fine];
      this.pen = c.getContext("2d");
      this.pen.scale(fine, fine);
      this.pen.font = "11px system-ui, sans-serif";
      const style = getComputedStyle(root), ink = (name) => style.getPropertyValue(name).trim();
      this.ink = { text: ink("--text"), grid: ink("--grid"), line: ink("--line"), up: ink("--up"), down: ink("--down"), stop: ink("--stop") };
      [this.left, this.wide] = [62, box.width - 70];
      const high = box.height - 26, path = (day) => day.paths.find((each) => each.name === this.name), account = (day) => day.account;
      const price = this.panel(6, high * 0.62, path, "value", (day) => path(day).scale);
      this.marks(price, path);
      this.panel(high * 0.62 + 16, high * 0.84, account, "value", () => 1);
      this.panel(high * 0.84 + 16, high, account, "below", () => 1, true);
      this.moments(box.height - 8);
      this.pointer(box, path);
    }
    panel(top, bottom, series, name, scale, filled) {
      let low = Infinity, high = -Infinity;
      const seen = [...this.seen(series)];
      for (const { day, list, a, b } of seen) {
        for (let n = a; n < b; n++) {
          [low, high] = [Math.min(low, list[name][n] / scale(day)), Math.max(high, list[name][n] / scale(day))];
        }
      }
      if (low > high) return null;
      const room = (high - low) * 0.04 || Math.abs(high) * 0.01 || 1;
      [low, high] = [low - room, filled ? high : high + room];
      const y = (value) => bottom - (value - low) / (high - low) * (bottom - top), pen = this.pen;
      this.axis(low, high, y);
      [pen.strokeStyle, pen.lineWidth] = [filled ? this.ink.down : this.ink.line, 1.2];
      pen.beginPath();
      for (const { day, list, a, b, x } of seen) this.way(list, name, scale(day), a, b, x, y);
      pen.stroke();
      return { y, seen };
    }
    // A line of at most four points a column of pixels: no high or low is lost.
    way(list, name, scale, a, b, x, y) {
      const pen = this.pen;
      let column = null, low = 0, high = 0, last = 0;
      const flush = () => { pen.lineTo(column, y(low)); pen.lineTo(column, y(high)); pen.lineTo(column, y(last)); };
      for (let n = a; n < b; n++) {
        const at = Math.round(x(list.at[n])), value = list[name][n] / scale;
        if (column === null) pen.moveTo(at, y(value)); else if (at !== column) flush();
        if (at !== column) [column, low, high] = [at, value, value];
        [low, high, last] = [Math.min(low, value), Math.max(high, value), value];
      }
      if (column !== null) flush();
    }
    rule(x1, y1, x2, y2) { this.pen.stroke(new Path2D(`M${x1} ${y1}L${x2} ${y2}`)); }
    axis(low, high, y) {
      const pen = this.pen, rough = (high - low) / (y(low) - y(high)) * 26, power = 10 ** Math.floor(Math.log10(rough));
      const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
      [pen.fillStyle, pen.strokeStyle, pen.lineWidth, pen.textAlign] = [this.ink.text, this.ink.grid, 1, "right"];
      for (let value = Math.ceil(low / step) * step || 0; value <= high; value += step) {
        this.rule(this.left, y(value), this.left + this.wide, y(value));
        pen.fillText(value.toLocaleString("en-IN", { maximumFractionDigits: Math.max(0, -Math.floor(Math.log10(step))) }), this.left - 5, y(value) + 4);
      }
    }
    marks(price, path) {
      this.close = [];
      if (!price) return;
      const pen = this.pen, { y, seen } = price;
      [pen.strokeStyle, this.size] = [this.ink.stop, Math.min(5, Math.max(1.2, this.wide / seen.reduce((sum, { day }) => sum + path(day).marks.length, 1)))];
      for (const { day, list, x } of seen) {
        for (const [behind, paid, exits, stops, sign, said] of path(day).marks) {
          const entry = list.at[0] + behind, at = x(entry);
          pen.setLineDash([3, 2]);
          pen.beginPath();
          const last = exits.length ? entry + exits[exits.length - 2] : list.at[list.at.length - 1];
          for (let n = 0; n < stops.length; n += 2) {
            const until = n + 2 < stops.length ? entry + stops[n + 2] : last;
            pen[n ? "lineTo" : "moveTo"](x(entry + stops[n]), y(stops[n + 1] / list.scale));
            pen.lineTo(x(until), y(stops[n + 1] / list.scale));
          }
          pen.stroke();
          pen.setLineDash([]);
          this.sign(at, y(paid / list.scale), 0);
          for (let n = 0; n < exits.length; n += 2) this.sign(x(entry + exits[n]), y(exits[n + 1] / list.scale), sign < 0 ? -1 : 1);
          this.close.push([at, exits.length ? x(last) : at, said]);
        }
      }
    }
    // Entries are dots, exits of what won triangles up, of what lost down.
    sign(x, y, sign) {
      if (x < this.left - 4 || x > this.left + this.wide + 4) return;
      const pen = this.pen, size = this.size;
      pen.fillStyle = sign > 0 ? this.ink.up : sign < 0 ? this.ink.down : this.ink.text;
      pen.beginPath();
      if (sign) { pen.moveTo(x, y - size * sign); pen.lineTo(x + size, y + size * 0.8 * sign); pen.lineTo(x - size, y + size * 0.8 * sign); } else pen.arc(x, y, size * 0.6, 0, 7);
      pen.fill();
    }
    words(time) {
      const day = this.days.find((each) => time < each.from + each.long) || this.days[this.days.length - 1], at = time - day.from + day.begin;
      return { day, at, clock: this.clock.format(at) };
    }
    // Round times of the session's clock; of many days their dates.
    moments(y) {
      const pen = this.pen, least = (this.view[1] - this.view[0]) / Math.max(2, this.wide / 80);
      const step = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 86_400].map((each) => each * 1000).find((each) => each >= least);
      [pen.fillStyle, pen.textAlign, this.free] = [this.ink.text, "center", this.left];
      for (const day of this.days) {
        const first = step < 86_400_000 ? Math.ceil((day.begin + day.ahead) / step) * step - day.ahead : day.begin;
        for (let at = first; at <= day.begin + day.long; at += step || day.long + 1) {
          const x = this.x(at - day.begin + day.from);
          if (x - 30 < this.free || x + 26 > this.left + this.wide) continue;
          pen.fillText(step < 86_400_000 ? this.clock.format(at).slice(0, step < 60_000 ? 8 : 5) : day.date, x, y);
          this.free = x + 34;
        }
      }
    }
    pointer(box, path) {
      const pen = this.pen, x = this.cross;
      pen.fillStyle = this.ink.grid;
      if (this.drag) pen.fillRect(Math.min(...this.drag), 0, Math.abs(this.drag[1] - this.drag[0]), box.height - 22);
      if (x === null || x < this.left || x > this.left + this.wide) { this.said.textContent = ""; return; }
      pen.strokeStyle = this.ink.text;
      this.rule(x, 0, x, box.height - 22);
      const { day, at, clock } = this.words(this.time(x)), own = path(day);
      const value = (list, name) => list && list.at.length ? list[name][Math.max(0, lowest(list.at, at + 1) - 1)] : NaN;
      const near = (this.close || []).find(([from, until]) => x >= from - 3 && x <= until + 3);
      const told = [`${day.date} ${clock}`, own ? `${this.name} ${value(own, "value") / own.scale}` : "",
        day.account.at.length ? `account ${value(day.account, "value").toLocaleString("en-IN")}, below its peak ${-value(day.account, "below")}` : "", near ? near[2] : ""];
      this.said.textContent = told.filter(Boolean).join(" · ");
    }
  }
  for (const box of document.querySelectorAll(".chart")) new Chart(box);
})();
