using System.Xml.Linq;
using LatentDb.Cli.Commands.Evaluating;
using LatentDb.Cli.Evaluation;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Reports;
using LatentDb.Testing;

namespace LatentDb.Cli.Tests.Evaluation;

public sealed class DataTests
{
    private const string Squad =
        """
        {"version":"v2.0","data":[{"title":"A","paragraphs":[
          {"context":"Normandy is a region in France.","qas":[
            {"id":"1","question":" Where is Normandy? ","answers":[{"text":"France","answer_start":25}]},
            {"id":"2","question":"What is it?","answers":[{"text":"a region in the far west of France","answer_start":12}]},
            {"id":"3","question":"Who?","is_impossible":true,"answers":[]}]},
          {"context":"one two three four","qas":[]},
          {"context":"five six seven","qas":[]}]}]}
        """;

    private const string Locomo =
        """
        [{"sample_id":"c1","conversation":{"speaker_a":"Ann","speaker_b":"Bo",
          "session_1_date_time":"1:56 pm on 8 May, 2023","session_1":[{"speaker":"Ann","dia_id":"D1:1","text":"Hi Bo!"},{"speaker":"Bo","dia_id":"D1:2","text":"Look.","blip_caption":"a photo of a dog"}],
          "session_2_date_time":"later","session_2":[]},
          "qa":[{"question":"When?","answer":2023,"category":2},{"question":"Who?","adversarial_answer":"Ann","category":5}]}]
        """;

    [Fact]
    public async Task An_answer_that_is_cut_off_leaves_nothing_to_ask()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "squad.json");
        await File.WriteAllTextAsync(file, Squad);
        var fiveWords = new SquadRetention(AnswerWords: 3, ContextWords: 5, "{0}", "{0}");

        UsageException refusal = await Assert.ThrowsAsync<UsageException>(() => fiveWords.ReadAsync(file, file, null, 10, CancellationToken.None));

        Assert.Contains("up to 3 words", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Squad_is_cut_at_words()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "squad.json");
        await File.WriteAllTextAsync(file, Squad);

        RetentionData data = await new SquadRetention(AnswerWords: 3, ContextWords: 6, "Context: {0}", "Question: {0} Answer:").ReadAsync(file, file, null, 10, CancellationToken.None);

        Fact fact = Assert.Single(data.Facts);
        Assert.Equal(new Fact("Context: Normandy is a region in France.", "Question: Where is Normandy? Answer:", "France"), fact);
        Assert.Equal(["Normandy is a region in France.", "one two three four five six"], data.Unrelated);
    }

    [Fact]
    public async Task Locomo_becomes_sessions_and_questions()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "locomo.json");
        await File.WriteAllTextAsync(file, Locomo);

        LocomoSample sample = Assert.Single(await LocomoFile.ReadAsync(file, null, CancellationToken.None));

        Assert.Equal(["DATE: 1:56 pm on 8 May, 2023\nCONVERSATION:\nAnn said, \"Hi Bo!\"\nBo said, \"Look.\" and shared a photo of a dog.\n"], sample.Sessions);
        Assert.Equal([new LocomoQuestion("When?", "2023", 2), new LocomoQuestion("Who?", string.Empty, 5)], sample.Questions);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"data\":")]
    [InlineData("{\"data\":[{\"paragraphs\":[{\"context\":1,\"qas\":[]}]}]}")]
    public async Task Files_in_another_layout_are_refused_by_name(string text)
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "data.json");
        await File.WriteAllTextAsync(file, text);

        UsageException squad = await Assert.ThrowsAsync<UsageException>(() => SquadFile.ReadAsync(file, CancellationToken.None));
        UsageException locomo = await Assert.ThrowsAsync<UsageException>(() => LocomoFile.ReadAsync(file, null, CancellationToken.None));

        Assert.Contains(file, squad.Message, StringComparison.Ordinal);
        Assert.Contains(file, locomo.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_line_is_named()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "facts.jsonl");
        await File.WriteAllTextAsync(file, """
            {"chunk": "a", "question": "b", "answer": "c"}
            {"chunk": "a", "question": "b"}
            """);

        UsageException refusal = await Assert.ThrowsAsync<UsageException>(() => JsonLines.ReadAsync<Fact>(file, null, CancellationToken.None));

        Assert.Contains("line 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_fact_has_an_order_of_its_own_that_can_be_repeated()
    {
        var data = new RetentionData("retention", [], [.. "abcdefgh".Select(c => c.ToString())], string.Empty, string.Empty, SameOrder: false);

        Assert.Equal(data.Order(1, 2, 20), data.Order(1, 2, 20));
        Assert.NotEqual(data.Order(1, 2, 8), data.Order(1, 3, 8));
        Assert.Equal("abcdefgh", string.Concat(data.Order(1, 2, 16)[8..].Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("0,1,1")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("1,x")]
    public void Steps_rise(string text) => Assert.Throws<UsageException>(() => NumberList.Parse(text, "--steps"));

    [Theory]
    [InlineData("13")]
    [InlineData("a+b")]
    [InlineData("1+2+3")]
    public void A_distance_is_two_numbers(string text) => Assert.Throws<UsageException>(() => UpdateDistance.Parse(text));

    [Fact]
    public void The_plot_is_one_document_with_every_series()
    {
        SummaryRow[] rows = [new("pool", 0, new Proportion(9, 10), 1), new("pool", 4, new Proportion(2, 10), 1), new("pool+bank <x>", 0, new Proportion(9, 10), 1)];

        XDocument svg = XDocument.Parse(new SvgPlot("Retention & more", rows, new RetentionLaw(24, 192)).Draw());

        Assert.Equal("svg", svg.Root!.Name.LocalName);
        Assert.Equal(3, svg.Descendants().Count(e => e.Name.LocalName == "circle"));
        Assert.Contains(svg.Descendants(), e => e.Value == "pool+bank <x>");
        Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
    }
}
