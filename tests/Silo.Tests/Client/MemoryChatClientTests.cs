using LatentDb.Client;
using LatentDb.Client.Extensions;
using LatentDb.Client.Models;
using LatentDb.Silo.Tests.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LatentDb.Silo.Tests.Client;

/// <summary>A memory behind .NET's own abstractions: IChatClient and the application's services.</summary>
public sealed class MemoryChatClientTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly ChatOptions Short = new() { MaxOutputTokens = 8, Temperature = 0 };

    [Fact]
    public async Task An_answer_comes_from_the_memory_with_usage_and_the_version_that_was_read()
    {
        using var chat = new MemoryChatClient(await ToldAsync());

        ChatResponse response = await chat.GetResponseAsync("Where does Maria live?", Short);

        Assert.Equal("Lisbon", response.Text.Trim());
        Assert.Equal(2L, response.AdditionalProperties![MemoryChatClient.VersionProperty]);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(response.Usage!.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task A_stream_adds_up_to_the_whole_answer()
    {
        using var chat = new MemoryChatClient(await ToldAsync());

        ChatResponse response = await chat.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Where does Maria live?")], Short).ToChatResponseAsync();

        Assert.Equal("Lisbon", response.Text.Trim());
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.True(response.Usage!.TotalTokenCount > 0);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
    }

    [Theory]
    [InlineData(MemoryChatWrites.None, 2, null)]
    [InlineData(MemoryChatWrites.User, 3, "user")]
    [InlineData(MemoryChatWrites.Exchange, 3, "user assistant")]
    public async Task What_was_said_is_written_when_it_is_wished(MemoryChatWrites writes, long head, string? roles)
    {
        MemoryClient memory = await ToldAsync();
        using var chat = new MemoryChatClient(memory, new MemoryChatOptions { Writes = writes });

        ChatResponse response = await chat.GetResponseAsync("Where does Maria live?", Short);

        Assert.Equal(head, (await memory.GetAsync()).Version);
        if (roles is null) return;
        Assert.Equal(head, response.AdditionalProperties![MemoryChatClient.WrittenVersionProperty]);
        Assert.Equal(roles, string.Join(' ', (await memory.GetVersionTextAsync(head)).Messages!.Select(m => m.Role)));
    }

    [Fact]
    public async Task An_older_version_can_be_asked()
    {
        MemoryClient memory = await ToldAsync();
        await memory.InjectAsync("Maria moved to Oslo.");
        using var chat = new MemoryChatClient(memory, new MemoryChatOptions { At = "2" });

        Assert.Equal("Lisbon", (await chat.GetResponseAsync("Where does Maria live?", Short)).Text.Trim());
    }

    [Fact]
    public async Task What_a_memory_cannot_do_is_refused_and_not_passed_over()
    {
        using var chat = new MemoryChatClient(await ToldAsync());
        var withTool = new ChatOptions { Tools = [AIFunctionFactory.CreateDeclaration("clock", "Tells the time.", default)] };
        var picture = new ChatMessage(ChatRole.User, [new DataContent("data:image/png;base64,AA==")]);

        await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync("What time is it?", withTool));
        await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync("Where?", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }));
        await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync(picture));
    }

    [Fact]
    public async Task The_client_comes_from_the_services_of_an_application()
    {
        string id = await fixture.NewMemoryAsync();
        var services = new ServiceCollection();
        services.AddLatentDb(o => o.Server = fixture.Silo.Http.BaseAddress);
        await using ServiceProvider provider = services.BuildServiceProvider();

        MemoryDescription memory = await provider.GetRequiredService<LatentDbClient>().Memory(id).GetAsync();

        Assert.Equal(id, memory.Id);
    }

    [Fact]
    public void An_application_without_a_server_address_is_told_so()
    {
        var services = new ServiceCollection();
        services.AddLatentDb();
        using ServiceProvider provider = services.BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<LatentDbClient>());

        Assert.Contains("Server", error.Message, StringComparison.Ordinal);
    }

    private async Task<MemoryClient> ToldAsync()
    {
        MemoryClient memory = fixture.Silo.Client.Memory(await fixture.NewMemoryAsync());
        await memory.InjectAsync("Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.");
        return memory;
    }
}
