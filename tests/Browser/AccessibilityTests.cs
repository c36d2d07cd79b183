using System.Text.Json;
using LatentDb.Browser.Support;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace LatentDb.Browser;

/// <summary>Every view against the rules of axe-core, in light and dark, wide and narrow; and a journey without a mouse.</summary>
[Collection(ChromiumTests.Name)]
public sealed class AccessibilityTests(Chromium chromium, ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>Name, address, and what the view shows when it is there.</summary>
    private static readonly (string Name, string Address, string Shows)[] Views =
    [
        ("memories", "/", "table"),
        ("ask", "/memories/alice?tab=ask", ".composer"),
        ("version", "/memories/alice?v=2&tab=version", "pre.text"),
        ("compare", "/memories/alice?v=3&tab=compare&from=2", ".layers"),
        ("add", "/memories/alice?tab=add", ".drop"),
        ("versions", "/memories/alice?tab=versions", ".version"),
        ("activity", "/activity", ".tile"),
        ("keys", "/keys", "h1"),
        ("audit", "/audit", "tbody tr"),
        ("nowhere", "/nowhere", "h1"),
    ];

    private ServedConsole _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ServedConsole.StartAsync();
        await _server.TellAsync("alice", "Maria lives in Lisbon. Peter works as a baker.", "Maria moved to Oslo.", "Hugo keeps a parrot.");
        await _server.PostAsync("/v1/memories/alice/rollback", new { to = 2 });
        await _server.PostAsync("/v1/memories/alice/snapshots", new { name = "before-the-move" });
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresChromiumFact(Axe = true)]
    public Task Light_views_break_no_rule_of_weight() => CheckAsync(ColorScheme.Light, 1280);

    [RequiresChromiumFact(Axe = true)]
    public Task Dark_views_break_no_rule_of_weight() => CheckAsync(ColorScheme.Dark, 1280);

    [RequiresChromiumFact(Axe = true)]
    public Task Views_on_a_telephone_break_no_rule_of_weight_and_need_no_scrolling_sideways() => CheckAsync(ColorScheme.Dark, 360);

    [RequiresChromiumFact(Axe = true)]
    public async Task Answers_and_dialogs_break_no_rule_of_weight()
    {
        foreach (ColorScheme colours in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using ConsolePage console = await OpenAsync(colours, 1280);
            await console.GoAsync("/memories/alice?v=2");
            await console.AskAsync("Where does Maria live?");
            await console.Page.GetByText("Retrieved").ClickAsync();
            await RequireAsync(console, $"answer, {colours}");
            foreach (string verb in (string[])["Snapshot", "Fork", "Roll back to this", "Erase", "Export"])
            {
                await console.Button(verb).ClickAsync();
                await RequireAsync(console, $"dialog {verb}, {colours}");
                await console.Page.Keyboard.PressAsync("Escape");
            }
        }
    }

    [RequiresChromiumFact(Axe = true)]
    public async Task The_sign_in_a_refusal_and_the_keys_break_no_rule_of_weight()
    {
        string key = (await _server.PostAsync("/v1/admin/keys", new { name = "root" })).GetProperty("key").GetString()!;
        foreach (ColorScheme colours in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using ConsolePage console = await OpenAsync(colours, 1280);
            console.Expect("401");
            await console.GoAsync();
            await RequireAsync(console, $"sign-in, {colours}");
            await console.SignInAsync("ldb_this_is_no_key");
            await console.SeesAsync("Sign in with a key that is valid.");
            await RequireAsync(console, $"refused key, {colours}");
            await console.SignInAsync(key);
            await console.Page.GetByRole(AriaRole.Link, new() { Name = "Keys" }).ClickAsync();
            await console.SeesAsync(console.Button("Rotate root"));
            await RequireAsync(console, $"keys, {colours}");
        }
    }

    [RequiresChromiumFact]
    public async Task A_question_is_asked_and_the_past_is_chosen_with_the_keyboard_alone()
    {
        await using ConsolePage console = await OpenAsync(ColorScheme.Light, 1280);
        IKeyboard keys = console.Page.Keyboard;
        await console.GoAsync();
        await TabToAsync(console, "link", "alice");
        await keys.PressAsync("Enter");
        await Assertions.Expect(console.Page.GetByRole(AriaRole.Heading, new() { Name = "alice" })).ToBeFocusedAsync();

        await TabToAsync(console, "button", "v5");
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("Enter");
        await console.SeesAsync("1 version behind the head");
        await TabToAsync(console, "tab", "Ask");
        await keys.PressAsync("ArrowRight");
        await Assertions.Expect(console.Tab("Version")).ToBeFocusedAsync();
        await Assertions.Expect(console.Tab("Version")).ToHaveAttributeAsync("aria-selected", "true");
        await keys.PressAsync("ArrowLeft");
        await TabToAsync(console, "textbox", "Question");
        await keys.TypeAsync("Where does Hugo live?");
        await keys.PressAsync("Enter");
        await console.SeesAsync("read v4");
    }

    [RequiresChromiumFact]
    public async Task A_dialog_takes_the_focus_and_gives_it_back()
    {
        await using ConsolePage console = await OpenAsync(ColorScheme.Light, 1280);
        await console.GoAsync("/memories/alice");
        await console.Button("Snapshot").FocusAsync();
        await console.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(console.Field("Name")).ToBeFocusedAsync();

        await console.Page.Keyboard.PressAsync("Escape");

        await Assertions.Expect(console.Button("Snapshot")).ToBeFocusedAsync();
    }

    private async Task CheckAsync(ColorScheme colours, int width)
    {
        await using ConsolePage console = await OpenAsync(colours, width);
        foreach ((string name, string address, string shows) in Views)
        {
            await console.GoAsync(address);
            await console.SeesAsync(console.Page.Locator(shows).First);
            await RequireAsync(console, $"{name}, {colours}, {width} px");
            Assert.True(await console.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{name} is wider than {width} px");
        }
    }

    private async Task<ConsolePage> OpenAsync(ColorScheme colours, int width)
    {
        ConsolePage console = await chromium.OpenAsync(_server.Address, colours, width);

        // Past the content policy, which would rightly keep a script of ours out.
        if (File.Exists(RequiresChromiumFactAttribute.AxeScript)) await console.Page.AddInitScriptAsync(scriptPath: RequiresChromiumFactAttribute.AxeScript);
        return console;
    }

    private async Task RequireAsync(ConsolePage console, string view)
    {
        JsonElement found = await console.Page.EvaluateAsync<JsonElement>(
            "async () => { const r = await axe.run(document); return { passes: r.passes.length, broken: r.violations.map(v => `${v.impact} ${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 4).join(', ')}`) }; }");
        string[] broken = [.. found.GetProperty("broken").EnumerateArray().Select(b => b.GetString()!)];
        output.WriteLine($"{view}: {found.GetProperty("passes")} rules passed; {(broken.Length == 0 ? "none broken" : string.Join("; ", broken))}");
        Assert.DoesNotContain(broken, b => b.StartsWith("serious", StringComparison.Ordinal) || b.StartsWith("critical", StringComparison.Ordinal));
    }

    /// <summary>Presses Tab until what has the focus has this role and a name that begins so.</summary>
    private static async Task TabToAsync(ConsolePage console, string role, string name)
    {
        const int MaxStops = 40;
        for (int i = 0; i < MaxStops; i++)
        {
            await console.Page.Keyboard.PressAsync("Tab");
            string focused = await console.Page.EvaluateAsync<string>(
                "() => { const e = document.activeElement; const roles = { A: 'link', BUTTON: 'button', TEXTAREA: 'textbox' }; return `${e.getAttribute('role') ?? roles[e.tagName] ?? e.tagName} ${e.ariaLabel ?? e.innerText}`; }");
            if (focused.StartsWith($"{role} {name}", StringComparison.Ordinal)) return;
        }

        Assert.Fail($"The {role} '{name}' was not reached by {MaxStops} presses of Tab.");
    }
}
