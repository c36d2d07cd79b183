using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Query over HTTP, whole, with the shipped model.</summary>
public sealed class QueryTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";
    private const string Where = """{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":8}""";

    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task An_answer_names_text_version_reason_usage_retrieval_and_stages()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Facts);

        JsonElement answer = (await Silo.PostAsync($"/v1/memories/{id}/query", Where)).Require(200).Body;

        Assert.Equal("Lisbon", answer.GetProperty("text").GetString()!.Trim());
        Assert.Equal(2, answer.GetProperty("version").GetInt64());
        Assert.Equal("stop", answer.GetProperty("finish_reason").GetString());
        Assert.InRange(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), 4, 40);
        Assert.InRange(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 1, 8);
        Assert.Equal(4, answer.GetProperty("retrieved").GetProperty("rows_per_layer").GetArrayLength());
        Assert.All(answer.GetProperty("retrieved").GetProperty("blocks").EnumerateArray(), b => Assert.True(b.GetProperty("rows").GetInt32() > 0));
        Assert.True(answer.GetProperty("timings_ms").GetProperty("prefill").GetDouble() > 0);
    }

    [Fact]
    public async Task Without_retrieval_the_answer_comes_from_the_pool_alone_and_does_not_change_what_the_next_question_reads()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Facts);
        string poolOnly = Where.Replace("\"max_tokens\"", "\"retrieve\":false,\"max_tokens\"", StringComparison.Ordinal);

        int[] before = await RowsAsync(id, Where);
        int[] without = await RowsAsync(id, poolOnly);
        int[] after = await RowsAsync(id, Where);

        Assert.All(without, rows => Assert.Equal(0, rows));
        Assert.All(before, rows => Assert.True(rows > 0));
        Assert.Equal(before, after);
        Assert.Equal("Lisbon", await AskAsync(id, poolOnly));
    }

    [Fact]
    public async Task The_answer_comes_from_the_memory_that_is_asked_and_from_no_other()
    {
        string told = await fixture.NewMemoryAsync();
        string fresh = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(told, Facts);

        string knows = await AskAsync(told, Where);
        string cannotKnow = await AskAsync(fresh, Where);

        Assert.Equal("Lisbon", knows);
        Assert.NotEqual("Lisbon", cannotKnow);
    }

    [Fact]
    public async Task A_change_a_rollback_and_at_decide_what_is_known()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Facts);
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"before"}""")).Require(201);
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        string after = await AskAsync(id, Where);
        string atSnapshot = await AskAsync(id, Where.Replace("\"max_tokens\"", "\"at\":\"before\",\"max_tokens\"", StringComparison.Ordinal));
        (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":"before"}""")).Require(200);
        string back = await AskAsync(id, Where);

        Assert.Equal("Oslo", after);
        Assert.Equal("Lisbon", atSnapshot);
        Assert.Equal("Lisbon", back);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_sampled_answer()
    {
        string id = await fixture.NewMemoryAsync();
        const string sampled = """{"prompt":"Maria lives in","max_tokens":12,"temperature":1.5,"top_p":0.95,"top_k":50,"repetition_penalty":1.2,"seed":42,"stop":["."]}""";

        string one = await AskAsync(id, sampled);
        string two = await AskAsync(id, sampled);

        Assert.Equal(one, two);
    }

    [Fact]
    public async Task An_unknown_at_is_not_found_whatever_its_form()
    {
        string id = await fixture.NewMemoryAsync();

        (await Silo.PostAsync($"/v1/memories/{id}/query", """{"prompt":"x","at":"99"}""")).RequireProblem(404, "version_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/query", """{"prompt":"x","at":"nosuch"}""")).RequireProblem(404, "snapshot_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/query", """{"prompt":"x","at":"1999-01-01T00:00:00Z"}""")).RequireProblem(404, "version_not_found");
    }

    private async Task<int[]> RowsAsync(string id, string question)
    {
        JsonElement answer = (await Silo.PostAsync($"/v1/memories/{id}/query", question)).Require(200).Body;
        return [.. answer.GetProperty("retrieved").GetProperty("rows_per_layer").EnumerateArray().Select(r => r.GetInt32())];
    }

    private async Task<string> AskAsync(string id, string body) =>
        (await Silo.PostAsync($"/v1/memories/{id}/query", body)).Require(200).Body.GetProperty("text").GetString()!.Trim();
}
