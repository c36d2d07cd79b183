using LatentDb.Browser.Support;
using Microsoft.Playwright;

namespace LatentDb.Browser;

/// <summary>What one does on the timeline: look, ask the past, name, compare, go back, branch off.</summary>
[Collection(ChromiumTests.Name)]
public sealed class VersionJourneys(Chromium chromium) : IAsyncLifetime
{
    private ServedConsole _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServedConsole.StartAsync();
        await _server.TellAsync("alice", "Maria lives in Lisbon. Peter works as a baker.", "Maria moved to Oslo.");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresChromiumFact]
    public async Task The_past_is_asked_by_choosing_a_version()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice");
        Assert.Equal("Oslo", await console.AskAsync("Where does Maria live?"));

        await console.Version(2).ClickAsync();
        await console.SeesAsync("1 version behind the head");

        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
        await console.SeesAsync("read v2");
        await console.Button("Go to head").ClickAsync();
        await Assertions.Expect(console.Page.GetByText("behind the head")).ToHaveCountAsync(0);
    }

    [RequiresChromiumFact]
    public async Task A_snapshot_names_a_version_and_its_name_can_be_taken_away()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice?v=2&tab=version");
        await console.Button("Snapshot").ClickAsync();
        await console.Field("Name").FillAsync("before-the-move");
        await console.Confirm("Take snapshot").ClickAsync();
        await console.SeesAsync(console.Version(2).GetByText("before-the-move"));

        console.Expect("409");
        await console.Button("Snapshot").ClickAsync();
        await console.Field("Name").FillAsync("before-the-move");
        await console.Confirm("Take snapshot").ClickAsync();
        await console.SeesAsync(console.Dialog.GetByText("The snapshot exists already"));
        await console.SeesAsync(console.Dialog.GetByText("request"));
        await console.Page.Keyboard.PressAsync("Escape");

        await console.Button("Take the name before-the-move away").ClickAsync();
        await Assertions.Expect(console.Version(2).GetByText("before-the-move")).ToHaveCountAsync(0);
    }

    [RequiresChromiumFact]
    public async Task Two_versions_are_compared_by_texts_and_by_rows()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice?tab=compare");
        await console.Field("From").FillAsync("v2");
        await console.Field("To").FillAsync("head");

        await console.Button("Compare").ClickAsync();

        await console.SeesAsync("From v2 to v3");
        await console.SeesAsync(console.Page.Locator(".diff-texts.added").GetByText("Maria moved to Oslo."));
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Columnheader, new() { Name = "To bank" }));
        await console.Button("Swap the two versions").ClickAsync();
        await console.SeesAsync(console.Page.Locator(".diff-texts.removed").GetByText("Maria moved to Oslo."));
    }

    [RequiresChromiumFact]
    public async Task A_rollback_is_confirmed_and_leaves_what_came_after_beside_the_line()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice?v=2");
        await console.Button("Roll back to this").ClickAsync();

        await console.Confirm("Roll back to v2").ClickAsync();

        await console.SeesAsync(console.Version(4).GetByText("Rolled back to v2"));
        await console.SeesAsync(console.Version(3).GetByText("left behind"));
        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
        await console.SeesAsync("read v4");
    }

    [RequiresChromiumFact]
    public async Task A_rollback_that_somebody_overtook_is_refused_and_says_so()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice?v=2");
        await console.Button("Roll back to this").ClickAsync();
        await _server.PostAsync("/v1/memories/alice/inject", new { text = "Hugo keeps a parrot." });

        console.Expect("412");
        await console.Confirm("Roll back to v2").ClickAsync();

        await console.SeesAsync(console.Dialog.GetByText("The head is not the version in If-Match"));
    }

    [RequiresChromiumFact]
    public async Task A_fork_becomes_a_memory_of_its_own()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        await console.GoAsync("/memories/alice?v=2");
        await console.Button("Fork").ClickAsync();
        await console.Field("Id of the new memory").FillAsync("alice-before");

        await console.Confirm("Fork").ClickAsync();

        await console.SeesAsync(console.Page.GetByRole(AriaRole.Heading, new() { Name = "alice-before" }));
        await console.SeesAsync(console.Version(1).GetByText("Forked from alice v2"));
        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
    }
}
