using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace LatentDb.Browser.Support;

/// <summary>
/// A page of the console, used as people use it: by what is written on it. At the end nothing may have gone wrong in it: no error in the browser's log, no
/// exception, nothing that the content policy forbade.
/// </summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly List<string> _expected = [];

    private ConsolePage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _errors.Enqueue($"{message.Text} ({message.Location})");
        };
    }

    public IPage Page { get; }

    public static async Task<ConsolePage> OpenAsync(IBrowserContext context)
    {
        context.SetDefaultTimeout(15_000);
        return new ConsolePage(context, await context.NewPageAsync());
    }

    /// <summary>A view, by what stands behind the # of its address.</summary>
    public async Task GoAsync(string view = "/")
    {
        await Page.GotoAsync("about:blank");
        await Page.GotoAsync($"/#{view}");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
    }

    /// <summary>Declares that the browser will report failed requests of this kind: a refusal that the test provokes.</summary>
    public void Expect(string part) => _expected.Add(part);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Tab(string name) => Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>The button at the foot of the dialog that is open.</summary>
    public ILocator Confirm(string name) => Dialog.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>A version on the timeline.</summary>
    public ILocator Version(int number) => Page.Locator($"[data-version='{number}']");

    public async Task SeesAsync(string text) => await Assertions.Expect(Page.GetByText(text).First).ToBeVisibleAsync();

    public async Task SeesAsync(ILocator locator) => await Assertions.Expect(locator).ToBeVisibleAsync();

    public async Task SignInAsync(string key)
    {
        await Field("API key").FillAsync(key);
        await Button("Sign in").ClickAsync();
    }

    /// <summary>Asks and waits for the end of the answer.</summary>
    public async Task<string> AskAsync(string question)
    {
        int before = await Page.Locator(".turn").CountAsync();
        await Field("Question").FillAsync(question);
        await Field("Question").PressAsync("Enter");
        ILocator turn = Page.Locator(".turn").Nth(before);
        await SeesAsync(turn.Locator(".turn-facts"));
        return (await turn.Locator(".turn-answer").InnerTextAsync()).Trim();
    }

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        Assert.DoesNotContain(_errors, error => !_expected.Any(part => error.Contains(part, StringComparison.Ordinal)));
    }
}
