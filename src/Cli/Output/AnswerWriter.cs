using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace LatentDb.Cli.Output;

/// <summary>Prints answers: as JSON for programs, as lines and tables for people.</summary>
internal sealed class AnswerWriter(bool isJson)
{
    /// <summary>Columns of a table that nobody looks at on a screen; wide enough that no cell is cut.</summary>
    private const int RedirectedWidth = 1000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private static readonly JsonSerializerOptions JsonLine = new(Json) { WriteIndented = false };

    public bool IsJson => isJson;

    /// <summary>The whole answer, or one line about it.</summary>
    public void Write<T>(T answer, string line) => Console.WriteLine(isJson ? JsonSerializer.Serialize(answer, Json) : line);

    /// <summary>One of many answers: a line of JSON, or a line for people.</summary>
    public void WriteLine<T>(T answer, string line) => Console.WriteLine(isJson ? JsonSerializer.Serialize(answer, JsonLine) : line);

    /// <summary>The whole listing, or a table of it.</summary>
    public void WriteTable<T>(IReadOnlyList<T> items, string[] columns, Func<T, string[]> cells)
    {
        if (isJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(items, Json));
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)));
        foreach (T item in items) table.AddRow([.. cells(item).Select(Markup.Escape)]);
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = RedirectedWidth;
        AnsiConsole.Write(table);
    }

    /// <summary>A refusal as one line of JSON on standard error.</summary>
    public static void WriteError<T>(T error) => Console.Error.WriteLine(JsonSerializer.Serialize(error, JsonLine));

    public static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
