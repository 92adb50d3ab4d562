// The charts of a board: each asks for its own numbers, is drawn with the Chart.js of the admin, and opens the records behind a bar.
"use strict";

(() => {
  const numbers = window.boardNumbers;
  const words = JSON.parse(document.getElementById("board-words").textContent);
  const phone = matchMedia("(max-width: 640px)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const colour = name => getComputedStyle(document.querySelector(".board")).getPropertyValue(`--board-${name}`).trim();
  const boxes = new Map(); // section → {data, chart}

  const isMonth = label => /^\d{4}-\d{2}$/.test(label);
  const monthName = new Intl.DateTimeFormat(numbers.language, {month: "short", timeZone: "UTC"});
  const monthText = new Intl.DateTimeFormat(numbers.language, {month: "long", year: "numeric", timeZone: "UTC"});
  const asMonth = label => new Date(`${label}-01T00:00:00Z`);
  const longLabel = label => isMonth(label) ? monthText.format(asMonth(label)) : label;
  const figureFont = () => `12px ${getComputedStyle(document.body).fontFamily}`;
  function measuring() {
    const context = document.createElement("canvas").getContext("2d");
    context.font = figureFont();
    return context;
  }
  const inLines = label => label.match(/.{1,12}(?:\s|$)|.{1,12}/g).map(part => part.trim());
  const value = (data, number) => data.isMoney ? numbers.amount(number) : numbers.count(number);
  const unit = data => data.isMoney ? numbers.unitName() : data.unit;

  // A name that is too long is cut at its end.
  function cut(label, room) {
    const context = measuring();
    if (context.measureText(label).width <= room) return label;
    let most = label.length;
    while (most > 1 && context.measureText(`${label.slice(0, most)}…`).width > room) most -= 1;
    return `${label.slice(0, most)}…`;
  }

  function axisLabel(label, index, lying, room) {
    if (!isMonth(label)) return lying ? cut(label, room) : inLines(label);
    const month = asMonth(label), year = String(month.getUTCFullYear());
    return index === 0 || month.getUTCMonth() === 0 ? [monthName.format(month), year] : monthName.format(month);
  }

  // Figures beside the bars that lie on their side, so that nobody has to hover. Their room is kept free at the right.
  const figuresBeside = {
    id: "figuresBeside",
    afterDatasetsDraw(chart, _arguments, {data}) {
      if (!data) return;
      const context = chart.ctx;
      context.save();
      context.font = figureFont();
      context.fillStyle = colour("text");
      context.textBaseline = "middle";
      chart.getDatasetMeta(0).data.forEach((bar, index) => {
        const right = data.kind === "funnel" ? chart.chartArea.right : Math.max(bar.x, bar.base);
        context.fillText(value(data, data.datasets[0].data[index]), right + 6, bar.y);
      });
      context.restore();
    },
  };
  function roomForFigures(data) {
    const context = measuring();
    return Math.ceil(Math.max(...data.datasets[0].data.map(number => context.measureText(value(data, number)).width))) + 16;
  }

  function datasets(data, lying) {
    return data.datasets.map((series, index) => {
      const funnel = data.kind === "funnel", tone = colour(series.tone);
      return {
        label: series.label,
        data: funnel ? series.data.map(number => [-number / 2, number / 2]) : series.data,
        backgroundColor: tone,
        hoverBackgroundColor: tone,
        borderRadius: 3,
        maxBarThickness: lying ? 22 : 34,
        categoryPercentage: funnel ? 0.92 : 0.72,
        barPercentage: data.kind === "bar" ? 0.92 : index ? 0.4 : 1,
        grouped: !funnel && data.kind !== "rank",
        order: -index,
      };
    });
  }

  function options(data, lying, width) {
    const figures = data.kind !== "bar" ? roomForFigures(data) : 0; // Chart.js gives names at most half of the rest
    const names = Math.min(width * 0.4, (width - figures) / 2 - 20);
    const text = colour("subtle"), grid = colour("grid"), beside = lying && (data.kind !== "bar");
    const most = Math.max(0, ...data.datasets.flatMap(series => series.data)), half = data.kind === "funnel" ? 2 : 1;
    const amounts = {
      beginAtZero: true,
      display: !beside,
      max: beside && most ? most / half : undefined,
      min: beside && most && half === 2 ? most / -2 : undefined,
      border: {display: false},
      grid: {color: grid, drawTicks: false},
      ticks: {color: text, maxTicksLimit: 6, precision: data.isMoney ? undefined : 0, callback: number => data.isMoney ? numbers.axis(number) : numbers.count(number)},
    };
    const labels = {
      border: {display: false},
      grid: {display: false},
      ticks: {color: text, maxRotation: 0, autoSkip: !lying && isMonth(data.labels[0] || ""), autoSkipPadding: 8, callback: (_value, index) => axisLabel(data.labels[index], index, lying, names)},
    };
    return {
      responsive: true,
      maintainAspectRatio: false,
      layout: {padding: {right: figures}},
      animation: still.matches ? false : {duration: 250},
      indexAxis: lying ? "y" : "x",
      interaction: {mode: "index", axis: lying ? "y" : "x", intersect: false},
      scales: lying ? {x: amounts, y: labels} : {x: labels, y: amounts},
      onHover: (event, found) => { event.native.target.style.cursor = found.length ? "pointer" : ""; },
      onClick: (event, _found, chart) => open(data, chart, event),
      plugins: {
        legend: {display: data.datasets.length > 1, position: "bottom", align: "start", reverse: data.kind !== "bar", labels: {color: text, boxWidth: 10, boxHeight: 10}},
        tooltip: {callbacks: {
          title: found => found.length ? longLabel(data.labels[found[0].dataIndex]) : "",
          label: one => `${one.dataset.label}: ${value(data, data.datasets[one.datasetIndex].data[one.dataIndex])} ${unit(data)}`,
        }},
        figuresBeside: {data: beside ? data : null},
      },
    };
  }

  // The bar that was hit; beside a short one, the row it stands in.
  function open(data, chart, event) {
    const hit = chart.getElementsAtEventForMode(event, "nearest", {intersect: true}, false)[0]
      || chart.getElementsAtEventForMode(event, "index", {axis: chart.options.indexAxis, intersect: false}, false)[0];
    const link = hit && data.datasets[hit.datasetIndex].links[hit.index];
    if (!link) return;
    if (event.native.ctrlKey || event.native.metaKey) window.open(link, "_blank", "noopener");
    else location.href = link;
  }

  function draw(box) {
    const entry = boxes.get(box), data = entry.data;
    entry.chart?.destroy();
    entry.chart = null;
    box.querySelector("[data-note]").textContent = [data.note, unit(data)].filter(Boolean).join(" · ");
    writeTable(box, data);
    const canvas = box.querySelector("canvas"), lying = data.kind !== "bar" || phone.matches;
    const plot = box.querySelector(".chart-plot");
    plot.hidden = !box.querySelector(".chart-table").hidden;
    if (data.empty || plot.hidden) return;
    plot.style.height = lying ? `${Math.max(4, data.labels.length) * 32 + (data.datasets.length > 1 ? 40 : 12) + (data.kind === "bar" ? 44 : 0)}px` : "";
    canvas.setAttribute("aria-label", `${data.title}. ${words.tableHint}`);
    entry.chart = new Chart(canvas, {type: "bar", data: {labels: data.labels, datasets: datasets(data, lying)}, options: options(data, lying, plot.clientWidth), plugins: [figuresBeside]});
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, worth] of Object.entries(attributes)) made.setAttribute(key, worth);
    return made;
  }

  function writeTable(box, data) {
    const table = document.createElement("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    table.append(element("caption", `${data.title} · ${unit(data)}`));
    head.append(element("td", ""), ...data.datasets.map(series => element("th", series.label, {scope: "col"})));
    data.labels.forEach((label, index) => {
      const row = body.insertRow();
      row.append(element("th", longLabel(label), {scope: "row"}));
      data.datasets.forEach(series => {
        const cell = row.insertCell(), link = series.links[index], text = value(data, series.data[index]);
        cell.append(link ? element("a", text, {href: link, "aria-label": `${longLabel(label)}, ${series.label}: ${text}`}) : text);
      });
    });
    box.querySelector(".chart-table").replaceChildren(table);
  }

  async function load(box) {
    const state = box.querySelector(".chart-state"), tools = box.querySelector("[data-table]");
    state.hidden = false;
    state.replaceChildren(words.loading);
    try {
      const answer = await fetch(box.dataset.chart, {headers: {Accept: "application/json"}, credentials: "same-origin"});
      // A session that ended answers with the log-in page and a cheerful 200.
      if (!answer.ok || !(answer.headers.get("content-type") || "").includes("json")) throw new Error(String(answer.status));
      const [data] = await Promise.all([answer.json(), document.fonts.ready]);
      boxes.set(box, {data, chart: null});
      state.hidden = !data.empty;
      state.textContent = data.empty || "";
      box.classList.toggle("is-empty", Boolean(data.empty));
      tools.hidden = Boolean(data.empty);
      draw(box);
    } catch (error) {
      const again = element("button", words.again, {type: "button"});
      again.addEventListener("click", () => load(box));
      state.replaceChildren(element("span", words.failed), again);
    }
  }

  const redraw = () => boxes.forEach((_entry, box) => draw(box));

  document.querySelectorAll("[data-chart]").forEach(box => {
    load(box);
    box.querySelector("[data-table]").addEventListener("click", event => {
      const table = box.querySelector(".chart-table");
      table.hidden = !table.hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!table.hidden));
      draw(box);
    });
  });
  document.addEventListener("board-unit", redraw);
  phone.addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, {attributes: true, attributeFilter: ["class"]});
  document.querySelector(".board-scope select")?.addEventListener("change", event => event.target.form.submit());
})();
