using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace LatentDb.Silo.Tests.OpenAi;

/// <summary>The official client of OpenAI for .NET, unchanged.</summary>
public sealed class OpenAiDotnetTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";
    private const string Where = "Where does Maria live?";

    private ChatClient Chat => new("latentdb", new ApiKeyCredential("not-checked-without-keys"), Options);

    private OpenAIClientOptions Options => new() { Endpoint = new Uri(fixture.Silo.Http.BaseAddress!, "v1"), RetryPolicy = new ClientRetryPolicy(0) };

    [Fact]
    public async Task Models_are_listed_and_found()
    {
        var models = new OpenAIModelClient(new ApiKeyCredential("x"), Options);

        OpenAIModelCollection all = await models.GetModelsAsync();
        OpenAIModel one = await models.GetModelAsync(Assert.Single(all).Id);

        Assert.Equal("latentdb", one.OwnedBy);
    }

    [Fact]
    public async Task A_whole_answer_comes_from_the_memory_of_the_user()
    {
        string id = await fixture.NewMemoryAsync();
        await fixture.Silo.InjectAsync(id, Facts);

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage(Where)], For(id));

        Assert.Equal("Lisbon", completion.Content[0].Text.Trim());
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(completion.Usage.TotalTokenCount, completion.Usage.InputTokenCount + completion.Usage.OutputTokenCount);
        Assert.StartsWith("fp_", completion.SystemFingerprint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_streamed_answer_has_the_same_text_and_ends_with_its_usage()
    {
        string id = await fixture.NewMemoryAsync();
        await fixture.Silo.InjectAsync(id, Facts);
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        ChatFinishReason? reason = null;

        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync([new SystemChatMessage("Answer briefly."), new UserChatMessage(Where)], For(id)))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate) text.Append(part.Text);
            usage = update.Usage ?? usage;
            reason = update.FinishReason ?? reason;
        }

        Assert.Equal("Lisbon", text.ToString().Trim());
        Assert.True(usage!.OutputTokenCount > 0);
        Assert.Equal(ChatFinishReason.Stop, reason);
    }

    [Fact]
    public async Task Refusals_carry_status_code_and_parameter()
    {
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() => Chat.CompleteChatAsync([new UserChatMessage(Where)], For("nobody")));
        var tools = For("nobody");
        tools.Tools.Add(ChatTool.CreateFunctionTool("f"));
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => Chat.CompleteChatAsync([new UserChatMessage(Where)], tools));

        Assert.Equal(404, missing.Status);
        Assert.Contains("memory_not_found", missing.Message, StringComparison.Ordinal);
        Assert.Equal(400, refused.Status);
        JsonElement error = JsonSerializer.Deserialize<JsonElement>(refused.GetRawResponse()!.Content).GetProperty("error");
        Assert.Equal("tools", error.GetProperty("param").GetString());
    }

    private static ChatCompletionOptions For(string memory) => new() { EndUserId = memory, MaxOutputTokenCount = 8, Temperature = 0 };
}
