using LatentDb.Browser.Support;
using Microsoft.Playwright;

namespace LatentDb.Browser;

/// <summary>From an empty server to answers, and to the end of a memory.</summary>
[Collection(ChromiumTests.Name)]
public sealed class MemoryJourneys(Chromium chromium) : IAsyncLifetime
{
    private ServedConsole _server = null!;

    public async Task InitializeAsync() => _server = await ServedConsole.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresChromiumFact]
    public async Task A_new_user_makes_a_memory_tells_it_something_and_gets_an_answer()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync();
        await console.SeesAsync("No memories yet");

        await console.Button("New memory").First.ClickAsync();
        await console.Field("Id").FillAsync("alice");
        await console.Confirm("Create").ClickAsync();
        await console.Field("Text to add").FillAsync("Maria lives in Lisbon. Peter works as a baker. Anna drives a red car.");
        await console.Page.Locator(".add-form").GetByRole(AriaRole.Button).ClickAsync();
        await console.SeesAsync(console.Page.Locator(".queue-status").GetByText("v2"));
        await console.Tab("Ask").ClickAsync();

        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
        await console.SeesAsync("read v2");
        await console.SeesAsync(console.Page.Locator(".latency").GetByText("prefill"));
        await console.Page.GetByText("Retrieved").ClickAsync();
        await console.SeesAsync("Rows that every memory begins with");
    }

    [RequiresChromiumFact]
    public async Task Files_are_written_in_their_order_and_each_says_how_it_went()
    {
        await _server.TellAsync("notes");
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/notes?tab=add");

        await console.Page.Locator(".drop input[type=file]").SetInputFilesAsync(
        [
            new FilePayload { Name = "one.md", MimeType = "text/markdown", Buffer = "Hugo keeps a parrot."u8.ToArray() },
            new FilePayload { Name = "photo.jpg", MimeType = "image/jpeg", Buffer = [0xFF, 0xD8, 0xFF, 0x00] },
            new FilePayload { Name = "two.md", MimeType = "text/markdown", Buffer = "Lucy plays the violin."u8.ToArray() },
        ]);

        await console.SeesAsync(console.Page.Locator(".queue-item").Filter(new() { HasText = "one.md" }).GetByText("v2"));
        await console.SeesAsync(console.Page.Locator(".queue-item").Filter(new() { HasText = "two.md" }).GetByText("v3"));
        await console.SeesAsync(console.Page.Locator(".queue-item").Filter(new() { HasText = "photo.jpg" }).GetByText("It is not UTF-8 text."));
        await console.SeesAsync(console.Version(3).GetByText("two.md"));
        Assert.Equal("two.md", (await _server.GetAsync("/v1/memories/notes/versions/3")).GetProperty("metadata").GetProperty("source").GetString());
    }

    [RequiresChromiumFact]
    public async Task A_memory_is_found_exported_erased_by_name_and_imported_again()
    {
        await _server.TellAsync("support-bot", "Maria lives in Lisbon. Peter works as a baker.");
        await _server.TellAsync("bob");
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync();
        await console.Field("Search memories by id").FillAsync("SUPP");
        await console.SeesAsync("1 of 2 memories");
        await console.Page.GetByRole(AriaRole.Link, new() { Name = "support-bot" }).ClickAsync();

        await console.Button("Export").ClickAsync();
        await console.Field("Passphrase").FillAsync("a long päss phrase");
        IDownload download = await console.Page.RunAndWaitForDownloadAsync(() => console.Confirm("Export").ClickAsync());
        string archive = await download.PathAsync();
        await EraseAsync(console, "support-bot");
        await console.SeesAsync("1 memory,");

        await console.Button("Import").ClickAsync();
        await console.Field("Archive").SetInputFilesAsync(archive);
        await console.Field("Id of the new memory").FillAsync("again");
        await console.Field("Passphrase").FillAsync("a long päss phrase");
        await console.Confirm("Import").ClickAsync();
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Heading, new() { Name = "again" }));
        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
    }

    [RequiresChromiumFact]
    public async Task What_users_wrote_is_shown_as_text_and_never_becomes_markup()
    {
        const string hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
        await _server.TellAsync("alice", hostile);
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);

        await console.GoAsync("/memories/alice?tab=version");

        await console.SeesAsync(console.Page.Locator("pre.text").GetByText(hostile));
        Assert.Equal(0, await console.Page.Locator("main img, main script").CountAsync());
        Assert.Equal("alice · LatentDB", await console.Page.TitleAsync());
    }

    private static async Task EraseAsync(ConsolePage console, string name)
    {
        await console.Button("Erase").ClickAsync();
        await Assertions.Expect(console.Confirm("Erase for good")).ToBeDisabledAsync();
        await console.Field($"Type {name} to confirm").FillAsync(name);
        await console.Confirm("Erase for good").ClickAsync();
    }
}
