import { describe, expect, it } from "vitest";
import { pictureWord, type Remote } from "./picture";

const word = (more: Partial<Remote>) =>
  pictureWord({ talking: true, picture: true, playing: true, again: false, quiet: 0, ...more });

describe("the word about the picture", () => {
  it("is connecting before both sides are there and while nothing plays", () => {
    expect(word({ talking: false })).toBe("connecting");
    expect(word({ picture: false, playing: false, quiet: 9000 })).toBe("connecting");
  });
  it("never says connecting once the voice is there", () => {
    expect(word({ picture: false })).toBe("soon");
    expect(word({ picture: false, quiet: 3001 })).toBe("late");
  });
  it("is nothing while frames come, and tells when they stop", () => {
    expect(word({})).toBe("none");
    expect(word({ quiet: 3001 })).toBe("late");
    expect(word({ again: true, quiet: 3001 })).toBe("again");
  });
});
