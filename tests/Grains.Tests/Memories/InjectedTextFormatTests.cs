using LatentDb.Grains.Memories;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>Text comes back as it was sent, whatever it looks like.</summary>
public sealed class InjectedTextFormatTests
{
    [Theory]
    [InlineData("Maria lives in Lisbon.")]
    [InlineData("")]
    [InlineData("\u001e")]
    [InlineData("\u001e\u001e[]")]
    [InlineData("\u001e[{\"Role\":\"user\",\"Content\":\"x\"}]")]
    [InlineData("[{\"role\":\"user\"}]")]
    public void Plain_text_comes_back_as_it_was(string text) =>
        Assert.Equal(new TextInput.Plain(text), InjectedTextFormat.Decode(InjectedTextFormat.Encode(new TextInput.Plain(text))));

    [Fact]
    public void A_conversation_comes_back_turn_by_turn()
    {
        TextInput.Conversation talk = new([new ChatMessage("user", "Où?\n\"là\""), new ChatMessage("assistant", "\u001e")]);

        var back = Assert.IsType<TextInput.Conversation>(InjectedTextFormat.Decode(InjectedTextFormat.Encode(talk)));

        Assert.Equal(talk.Messages.ToArray(), back.Messages.ToArray());
    }

    [Fact]
    public void What_is_no_conversation_after_the_mark_is_damage()
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => InjectedTextFormat.Decode("\u001e{"));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }
}
