using LatentDb.Browser.Support;
using Microsoft.Playwright;

namespace LatentDb.Browser;

/// <summary>What a person sees when things go wrong, and that he gets on when they are right again.</summary>
[Collection(ChromiumTests.Name)]
public sealed class FailureJourneys(Chromium chromium)
{
    [RequiresChromiumFact]
    public async Task A_server_that_is_gone_is_told_of_and_found_again_when_it_is_back()
    {
        await using ServedConsole server = await ServedConsole.StartAsync();
        await server.TellAsync("alice", "Maria lives in Lisbon. Peter works as a baker.");
        await using ConsolePage console = await chromium.OpenAsync(server.Address);
        console.Expect("Failed to load resource");
        await console.GoAsync("/memories/alice");
        await server.KillAsync();

        await console.Field("Question").FillAsync("Where does Maria live?");
        await console.Field("Question").PressAsync("Enter");
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Alert).GetByText("The server does not answer. Trying again"));
        await console.SeesAsync(console.Page.Locator(".turn").GetByText("Try again in a moment."));

        await server.RestartAsync();
        await Assertions.Expect(console.Page.Locator("#banner")).ToBeEmptyAsync();
        await console.Button("Try again").ClickAsync();
        await console.SeesAsync(console.Page.Locator(".turn-answer").GetByText("Lisbon"));
    }

    [RequiresChromiumFact]
    public async Task A_memory_that_is_not_there_is_a_problem_with_its_request_id()
    {
        await using ServedConsole server = await ServedConsole.StartAsync();
        await using ConsolePage console = await chromium.OpenAsync(server.Address);
        console.Expect("404");
        await console.Page.GotoAsync("/#/memories/nobody");

        await console.SeesAsync("There is no such memory");
        await console.SeesAsync("memory_not_found · request");
    }

    [RequiresChromiumFact]
    public async Task An_address_that_leads_nowhere_says_so()
    {
        await using ServedConsole server = await ServedConsole.StartAsync();
        await using ConsolePage console = await chromium.OpenAsync(server.Address);

        await console.GoAsync("/nowhere");

        await console.SeesAsync("There is nothing at this address");
    }
}
