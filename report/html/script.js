
"use strict";
// Tables of class sortable: headers become buttons, and a field filters rows.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
  };
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    return isNaN(x) || isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      // What has no value stands last either way.
      rows.sort((r, s) => {
        const a = value(r, column), b = value(s, column);
        const bare = (t) => t === "" || t === "-";
        if (bare(a) || bare(b)) return bare(a) - bare(b);
        return down ? compare(b, a) : compare(a, b);
      });
      body.append(...rows);
    });
  });
  const tools = document.querySelector('.tools[data-for="' + table.id + '"]');
  const input = tools.querySelector("input"), count = tools.querySelector(".count");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = Array.from(row.cells, (c) => c.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    count.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
  });
  tools.hidden = false;
}
