using System.Globalization;
using System.Net;
using System.Text;

namespace LatentDb.Cli.Evaluation.Reports;

/// <summary>A plot of accuracy over writes: a line and a 95 % band per series, the law dashed. The horizontal axis is log2(1 + t).</summary>
internal sealed class SvgPlot(string title, IReadOnlyList<SummaryRow> rows, RetentionLaw? law)
{
    private const int Width = 760;
    private const int Height = 460;
    private const int Left = 64;
    private const int Right = 24;
    private const int Top = 68;
    private const int Bottom = 56;

    private static readonly string[] Colours = ["#1f6feb", "#d1242f", "#1a7f37", "#8250df", "#9a6700"];

    private readonly int _last = Math.Max(1, rows.Max(r => r.Step));
    private readonly StringBuilder _svg = new();

    public string Draw()
    {
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" role="img" font-family="system-ui, sans-serif" font-size="13">""");
        Add($"""<title>{Escape(title)}</title><rect width="{Width}" height="{Height}" fill="#ffffff"/>""");
        Add($"""<text x="{Left}" y="26" font-size="16" font-weight="600" fill="#1f2328">{Escape(title)}</text>""");
        Axes();
        if (law is not null) Law(law);
        IGrouping<string, SummaryRow>[] all = [.. rows.GroupBy(r => r.Series)];
        foreach ((int number, IGrouping<string, SummaryRow> series) in all.Index()) Series([.. series], ColourOf(number));
        Add($"""<text x="{Left}" y="48" font-weight="600">{string.Concat(all.Select((series, number) => $"<tspan fill=\"{ColourOf(number)}\" dx=\"{(number == 0 ? 0 : 16)}\">{Escape(series.Key)}</tspan>"))}</text>""");
        Add("</svg>");
        return _svg.ToString();
    }

    private void Axes()
    {
        for (int tenth = 0; tenth <= 10; tenth += 2)
        {
            double y = Y(tenth / 10.0);
            Add($"""<line x1="{Left}" y1="{N(y)}" x2="{Width - Right}" y2="{N(y)}" stroke="#d0d7de"/><text x="{Left - 8}" y="{N(y + 4)}" text-anchor="end" fill="#57606a">{tenth * 10} %</text>""");
        }

        foreach (int step in rows.Select(r => r.Step).Distinct().Order())
        {
            Add($"""<text x="{N(X(step))}" y="{Height - Bottom + 20}" text-anchor="middle" fill="#57606a">{step}</text>""");
        }

        Add($"""<text x="{N((Left + Width - Right) / 2.0)}" y="{Height - 12}" text-anchor="middle" fill="#1f2328">unrelated injects between the fact and the question</text>""");
    }

    private void Law(RetentionLaw retention)
    {
        IEnumerable<string> points = Enumerable.Range(0, 121).Select(i => Math.Pow(2, i / 120.0 * Math.Log2(1 + _last)) - 1)
            .Select(t => $"{N(X(t))},{N(Y(Math.Pow(1 - ((double)retention.RowsPerWrite / retention.PoolRows), t)))}");
        Add($"""<polyline points="{string.Join(' ', points)}" fill="none" stroke="#57606a" stroke-dasharray="5 4"/>""");
        Add($"""<text x="{Width - Right}" y="48" text-anchor="end" fill="#57606a">dashed: (1 − K/N)^t, K = {retention.RowsPerWrite}, N = {retention.PoolRows}</text>""");
    }

    private void Series(IReadOnlyList<SummaryRow> points, string colour)
    {
        IEnumerable<string> band = points.Select(p => $"{N(X(p.Step))},{N(Y(p.Accuracy.High))}").Concat(points.Reverse().Select(p => $"{N(X(p.Step))},{N(Y(p.Accuracy.Low))}"));
        Add($"""<polygon points="{string.Join(' ', band)}" fill="{colour}" fill-opacity="0.15"/>""");
        Add($"""<polyline points="{string.Join(' ', points.Select(p => $"{N(X(p.Step))},{N(Y(p.Accuracy.Value))}"))}" fill="none" stroke="{colour}" stroke-width="2"/>""");
        foreach (SummaryRow point in points) Add($"""<circle cx="{N(X(point.Step))}" cy="{N(Y(point.Accuracy.Value))}" r="3" fill="{colour}"/>""");
    }

    private static string ColourOf(int number) => Colours[number % Colours.Length];

    private double X(double step) => Left + (Math.Log2(1 + step) / Math.Log2(1 + _last) * (Width - Left - Right));

    private double Y(double share) => Top + ((1 - share) * (Height - Top - Bottom));

    private void Add(string line) => _svg.Append(line).Append('\n');

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
