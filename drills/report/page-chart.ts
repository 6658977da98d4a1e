/**
 * The script of the report page: one stacked chart per cell, with the marks of the timeline across it. It draws what
 * the page embeds as JSON and computes nothing of its own; without scripts the tables say the same.
 */

export const PAGE_CHART = `
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const sync = uPlot.sync('drill');
  let plots = [];

  function stack(cell) {
    const parts = data.regions.map((region, n) => ({ label: 'acknowledged, ' + region, color: 'region-' + n % 3, values: cell.acknowledged[region] }))
      .concat({ label: 'refused', color: 'failed', values: cell.failed }, { label: 'unknown', color: 'info', values: cell.unknown });
    let below = cell.failed.map(() => 0);
    for (const part of parts) below = part.top = part.values.map((value, at) => value + below[at]);
    return parts.reverse();
  }

  function drawMarks(plot, cell) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color('mark');
    ctx.lineWidth = devicePixelRatio;
    ctx.font = '600 ' + 11 * devicePixelRatio + 'px system-ui, sans-serif';
    let free = -Infinity;
    for (const mark of data.marks) {
      if (mark.cell && mark.cell !== cell) continue;
      const x = plot.valToPos(mark.t / 1000, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.globalAlpha = 0.75;
      ctx.setLineDash(mark.kind === 'fault' ? [] : [3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.globalAlpha = 1;
      if (x < free) continue;
      ctx.fillText(String(mark.n), x + 3 * devicePixelRatio, bbox.top + 10 * devicePixelRatio);
      free = x + ctx.measureText(String(mark.n)).width + 7 * devicePixelRatio;
    }
    ctx.restore();
  }

  function build(host) {
    const cell = data.series.find((series) => series.cell === host.dataset.cell);
    const parts = stack(cell);
    const times = cell.failed.map((_, at) => (at + 0.5) * data.bucketMs / 1000);
    const axis = { stroke: color('soft'), grid: { stroke: color('grid'), width: 1 }, ticks: { stroke: color('grid') }, font: '12px system-ui, sans-serif' };
    const options = {
      width: host.clientWidth, height: 190, cursor: { sync: { key: sync.key }, points: { show: false } }, legend: { live: true },
      scales: { x: { time: false, range: (plot, min, max) => [min, max] }, y: { range: (plot, min, max) => [0, Math.max(4, max)] } },
      axes: [{ ...axis, values: (plot, ticks) => ticks.map((tick) => tick + ' s') }, { ...axis, size: 38 }],
      series: [{ label: 'time', value: (plot, value) => value == null ? '–' : value.toFixed(2) + ' s' }].concat(parts.map((part) => ({
        label: part.label, fill: color(part.color), stroke: color(part.color), width: 0, points: { show: false },
        paths: uPlot.paths.bars({ size: [1, 100], align: 0 }),
        value: (plot, value, series, at) => at == null ? '–' : String(part.values[at]),
      }))),
      hooks: { draw: [(plot) => drawMarks(plot, cell.cell)] },
    };
    return new uPlot(options, [times].concat(parts.map((part) => part.top)), host);
  }

  function render() {
    for (const plot of plots) { sync.unsub(plot); plot.destroy(); }
    plots = [...document.querySelectorAll('.plot')].map(build);
    for (const plot of plots) sync.sub(plot);
  }
  render();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
  let width = innerWidth;
  addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; render(); } });
})();
`;
