/** The script of a check's page in a browser. The page embeds the source text of this function. */

/* The search of a check's page: it hides the cases that do not match, and unfolds the areas of those that do. */
export function startFilter() {
  const filter = document.getElementById("filter");
  if (!filter) return;
  filter.hidden = false;
  const fields = ["text", "rule", "outcome", "area"].map((name) => document.getElementById(`filter-${name}`));
  const areas = [...document.querySelectorAll("details.area")].map((area) => ({
    area,
    rows: [...area.querySelectorAll("tbody tr")].map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      rules: row.querySelector(".rules").textContent.split(", "),
    })),
  }));
  const apply = () => {
    const [text, rule, outcome, ofArea] = fields.map((field) => field.value.trim().toLowerCase());
    const words = text.split(/\s+/);
    const isOn = text + rule + outcome !== "";
    let shown = 0;
    for (const { area, rows } of areas) {
      let found = 0;
      for (const { row, text: told, rules } of rows) {
        const fits = (ofArea === "" || area.dataset.area === ofArea) &&
          (outcome === "" || row.dataset.outcome === outcome) &&
          (rule === "" || rules.some((each) => each.startsWith(rule))) && words.every((word) => told.includes(word));
        row.hidden = !fits;
        if (fits) found++;
      }
      area.hidden = found === 0;
      area.open = found > 0 && (isOn || ofArea !== "");
      shown += found;
    }
    const all = areas.reduce((sum, { rows }) => sum + rows.length, 0);
    document.getElementById("filter-count").textContent = `${shown} of ${all} cases`;
    document.getElementById("no-case").hidden = shown > 0;
  };
  filter.addEventListener("input", apply);
  document.getElementById("filter-clear").addEventListener("click", () => {
    for (const field of fields) field.value = "";
    apply();
    fields[0].focus();
  });
  apply();
}
