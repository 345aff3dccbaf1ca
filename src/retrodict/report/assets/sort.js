// A click on a column's head, or Enter on it, sorts the table; the next one turns the order round.

function sortable(head) {
  const value = (row) => {
    const text = row.cells[head.cellIndex].textContent;
    const number = parseFloat(text);
    return isNaN(number) ? text : number;
  };
  const compare = (x, y) => {
    if (typeof x === typeof y) return x < y ? -1 : x > y ? 1 : 0;
    return typeof x === "number" ? -1 : 1;
  };
  const sort = () => {
    const body = head.closest("table").tBodies[0];
    const order = head.ariaSort === "ascending" ? -1 : 1;
    for (const other of head.parentElement.cells) other.ariaSort = null;
    head.ariaSort = order > 0 ? "ascending" : "descending";
    const rows = [...body.rows].sort((a, b) => order * compare(value(a), value(b)));
    for (const row of rows) body.append(row);
  };
  head.tabIndex = 0;
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}

for (const head of document.querySelectorAll(".board thead th")) sortable(head);
