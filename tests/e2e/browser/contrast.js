/** Answers the texts that stand too little apart from what is behind them: WCAG 2.2, 1.4.3, level AA. */
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const LARGE = 24;
  const LARGE_BOLD = 18.66;

  /** Paints colours of any notation over each other: red, green and blue of the result. */
  function painted(colours) {
    canvas.globalAlpha = 1;
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return canvas.getImageData(0, 0, 1, 1).data;
  }

  function luminance([red, green, blue]) {
    const linear = (byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  }

  function backgrounds(element) {
    const found = [];
    for (let each = element; each; each = each.parentElement) found.unshift(getComputedStyle(each).backgroundColor);
    return ["white", ...found];
  }

  function ratio(element, style) {
    const behind = backgrounds(element);
    const [light, dark] = [painted(behind), painted([...behind, style.color])].map(luminance).sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  function wanted(style) {
    const size = parseFloat(style.fontSize);
    return size >= LARGE || (size >= LARGE_BOLD && style.fontWeight >= 700) ? 3 : 4.5;
  }

  const holdsText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((element) => holdsText(element) && element.checkVisibility() && !element.closest(":disabled"))
    .map((element) => ({ element, style: getComputedStyle(element) }))
    .filter(({ element, style }) => ratio(element, style) < wanted(style))
    .map(({ element, style }) => `${element.textContent.trim().slice(0, 40)}: ${ratio(element, style).toFixed(2)}`);
};
